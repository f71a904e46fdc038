package import JSON

/// The shape of what a search finds.
extension JSONWriter {
    /// A message with where it has what was looked for.
    package mutating func found(_ found: FoundMessage) {
        beginObject()
        fields(of: found.message)
        key("highlights")
        beginArray()
        for range in found.highlights {
            beginObject()
            key("start")
            integer(range.lowerBound)
            key("length")
            integer(range.count)
            endObject()
        }
        endArray()
        key("snippet")
        string(found.snippet)
        endObject()
    }
}

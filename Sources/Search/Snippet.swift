/// A part of a text around what was found in it.
package enum Snippet {
    /// Most Unicode scalars of a snippet, without what says that it was cut.
    package static let length = 160
    /// How many of them come before what was found, where there are so many.
    private static let lead = 40
    /// How far a cut is moved to fall between words.
    private static let slack = 20

    /// The text itself where it is short; else a part of it around the first highlight, or its beginning, with … where it was cut.
    package static func make(of text: String, around highlights: [Range<Int>]) -> String {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count > length else { return text }
        var start = max(0, min((highlights.first?.lowerBound ?? 0) - lead, scalars.count - length))
        if start > 0, let space = scalars[start..<min(start + slack, scalars.count)].firstIndex(where: isSpace) {
            start = space + 1
        }
        var end = min(start + length, scalars.count)
        if end < scalars.count, let space = scalars[max(start, end - slack)..<end].lastIndex(where: isSpace) {
            end = space
        }
        var snippet = ""
        if start > 0 { snippet += "…" }
        snippet.unicodeScalars.append(contentsOf: scalars[start..<end])
        if end < scalars.count { snippet += "…" }
        return snippet
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }
}

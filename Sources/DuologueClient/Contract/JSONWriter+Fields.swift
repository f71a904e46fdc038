internal import JSON

extension JSONWriter {
    /// A named string; nothing at all for nil.
    mutating func field(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        key(name)
        string(value)
    }

    /// A named integer; nothing at all for nil.
    mutating func field(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        key(name)
        integer(value)
    }

    /// A named list of integers.
    mutating func field(_ name: StaticString, _ values: [Int64]) {
        key(name)
        beginArray()
        for value in values { integer(value) }
        endArray()
    }

    /// One object with what `body` writes in it.
    static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return writer.bytes
    }
}

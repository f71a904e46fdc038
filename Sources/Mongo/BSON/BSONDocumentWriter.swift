/// Writes the fields of a BSON document in the order of the calls.
///
/// Keys come from the program, not from its input: one with a NUL is a defect and traps. A nested document or array is
/// written in place by its closure, so a whole tree is one buffer.
package struct BSONDocumentWriter {
    var buffer: BSONBuffer

    /// A writer of an empty document.
    package init() {
        buffer = BSONBuffer()
        buffer.openDocument()
    }

    init(continuing buffer: consuming BSONBuffer) {
        self.buffer = buffer
    }

    init(extending document: BSONDocument) {
        buffer = BSONBuffer(extending: document)
    }

    /// The document with everything written so far.
    package consuming func finish() -> BSONDocument {
        buffer.closeDocument(at: 0)
        return BSONDocument(trusting: buffer.bytes)
    }

    /// A 32-bit integer.
    package mutating func int32(_ key: String, _ value: Int32) {
        append(key, .int32(value))
    }

    /// A 64-bit integer.
    package mutating func int64(_ key: String, _ value: Int64) {
        append(key, .int64(value))
    }

    /// A double.
    package mutating func double(_ key: String, _ value: Double) {
        append(key, .double(value))
    }

    /// A boolean.
    package mutating func bool(_ key: String, _ value: Bool) {
        append(key, .bool(value))
    }

    /// A string.
    package mutating func string(_ key: String, _ value: String) {
        append(key, .string(value))
    }

    /// A null.
    package mutating func null(_ key: String) {
        append(key, .null)
    }

    /// A time in milliseconds since 1970-01-01T00:00:00Z.
    package mutating func datetime(_ key: String, milliseconds: Int64) {
        append(key, .datetime(milliseconds: milliseconds))
    }

    /// Bytes of the generic subtype.
    package mutating func binary(_ key: String, _ bytes: [UInt8]) {
        append(key, .binary(BSONBinary(bytes: bytes)))
    }

    /// A UUID, given as its sixteen bytes in network order.
    package mutating func uuid(_ key: String, _ bytes: [UInt8]) {
        precondition(bytes.count == 16, "a UUID has sixteen bytes")
        append(key, .binary(BSONBinary(subtype: BSONBinary.uuid, bytes: bytes)))
    }

    /// A document that is there already.
    package mutating func document(_ key: String, _ document: BSONDocument) {
        append(key, .document(document))
    }

    /// A nested document, written by `body`.
    package mutating func document<Failure: Error>(
        _ key: String,
        _ body: (inout BSONDocumentWriter) throws(Failure) -> Void
    ) throws(Failure) {
        let start = buffer.openElement(BSONElement.Kind.document, key)
        try body(&self)
        buffer.closeDocument(at: start)
    }

    /// A nested array, written by `body`.
    package mutating func array<Failure: Error>(
        _ key: String,
        _ body: (inout BSONArrayWriter) throws(Failure) -> Void
    ) throws(Failure) {
        let start = buffer.openElement(BSONElement.Kind.array, key)
        var writer = BSONArrayWriter(continuing: buffer.take())
        defer {
            buffer = writer.buffer
            buffer.closeDocument(at: start)
        }
        try body(&writer)
    }

    /// Any value.
    package mutating func append(_ key: String, _ value: BSONValue) {
        precondition(!key.utf8.contains(0), "a BSON key has no NUL")
        buffer.append(value, key: key)
    }
}

/// Writes the values of a BSON array in the order of the calls.
package struct BSONArrayWriter {
    var buffer: BSONBuffer
    private var count = 0

    init(continuing buffer: consuming BSONBuffer) {
        self.buffer = buffer
    }

    /// Any value.
    package mutating func append(_ value: BSONValue) {
        buffer.append(value, key: String(count))
        count += 1
    }

    /// A 64-bit integer.
    package mutating func int64(_ value: Int64) {
        append(.int64(value))
    }

    /// A string.
    package mutating func string(_ value: String) {
        append(.string(value))
    }

    /// A nested document, written by `body`.
    package mutating func document<Failure: Error>(
        _ body: (inout BSONDocumentWriter) throws(Failure) -> Void
    ) throws(Failure) {
        let start = buffer.openElement(BSONElement.Kind.document, String(count))
        count += 1
        var writer = BSONDocumentWriter(continuing: buffer.take())
        defer {
            buffer = writer.buffer
            buffer.closeDocument(at: start)
        }
        try body(&writer)
    }
}

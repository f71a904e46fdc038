/// The growing bytes under the writers.
struct BSONBuffer {
    private(set) var bytes: [UInt8] = []

    init() {}

    /// The fields of `document`, open for more.
    init(extending document: BSONDocument) {
        bytes = document.bytes
        bytes.removeLast()
    }

    /// The buffer's contents, leaving it empty, so that a nested writer grows the one array instead of a copy.
    mutating func take() -> BSONBuffer {
        var taken = BSONBuffer()
        swap(&taken, &self)
        return taken
    }

    /// Reserves the length of a document that starts here.
    mutating func openDocument() {
        bytes.append(contentsOf: [0, 0, 0, 0])
    }

    /// Starts a nested document or array and returns where it starts.
    mutating func openElement(_ kind: UInt8, _ key: String) -> Int {
        precondition(!key.utf8.contains(0), "a BSON key has no NUL")
        appendHeader(kind, key)
        let start = bytes.count
        openDocument()
        return start
    }

    /// Ends the document that starts at `start`: its NUL and its length.
    mutating func closeDocument(at start: Int) {
        bytes.append(0)
        let length = UInt32(bytes.count - start)
        for index in 0..<4 {
            bytes[start + index] = UInt8(truncatingIfNeeded: length >> (8 * index))
        }
    }

    mutating func append(_ value: BSONValue, key: String) {
        switch value {
        case .double(let value):
            appendHeader(BSONElement.Kind.double, key)
            appendLittleEndian(value.bitPattern)
        case .string(let value):
            appendHeader(BSONElement.Kind.string, key)
            appendText(value)
        case .document(let value):
            appendHeader(BSONElement.Kind.document, key)
            bytes.append(contentsOf: value.bytes)
        case .array(let values):
            appendArray(values, key)
        case .binary(let value):
            appendHeader(BSONElement.Kind.binary, key)
            appendLittleEndian(UInt32(value.bytes.count))
            bytes.append(value.subtype)
            bytes.append(contentsOf: value.bytes)
        case .objectID(let value):
            precondition(value.count == 12, "an object id has twelve bytes")
            appendHeader(BSONElement.Kind.objectID, key)
            bytes.append(contentsOf: value)
        case .bool(let value):
            appendHeader(BSONElement.Kind.bool, key)
            bytes.append(value ? 1 : 0)
        case .datetime(let milliseconds):
            appendHeader(BSONElement.Kind.datetime, key)
            appendLittleEndian(milliseconds)
        case .null:
            appendHeader(BSONElement.Kind.null, key)
        case .int32(let value):
            appendHeader(BSONElement.Kind.int32, key)
            appendLittleEndian(value)
        case .int64(let value):
            appendHeader(BSONElement.Kind.int64, key)
            appendLittleEndian(value)
        case .other(let kind, let payload):
            appendHeader(kind, key)
            bytes.append(contentsOf: payload)
        }
    }

    private mutating func appendHeader(_ kind: UInt8, _ key: String) {
        bytes.append(kind)
        bytes.append(contentsOf: key.utf8)
        bytes.append(0)
    }

    private mutating func appendText(_ text: String) {
        appendLittleEndian(UInt32(text.utf8.count + 1))
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    private mutating func appendArray(_ values: [BSONValue], _ key: String) {
        let start = openElement(BSONElement.Kind.array, key)
        for (index, value) in values.enumerated() {
            append(value, key: String(index))
        }
        closeDocument(at: start)
    }

    private mutating func appendLittleEndian<Integer: FixedWidthInteger>(_ value: Integer) {
        for shift in stride(from: 0, to: Integer.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Integer(shift)))
        }
    }
}

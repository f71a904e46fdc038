/// A BSON document as its bytes: immutable, always well formed, and handed to libmongoc without being rebuilt.
///
/// Reading and writing are plain Swift over `[UInt8]`. libbson's `bson_t` and `bson_iter_t` have an alignment Swift
/// does not know, so a reader on top of them would need a C wrapper and a heap object a field; here a document is an
/// ordinary value that crosses threads. Looking a field up walks the elements before it.
package struct BSONDocument: Sendable, Hashable {
    /// The deepest nesting accepted; the server's own limit.
    static let maximumDepth = 100

    /// The document on the wire, from its length to its final NUL.
    package let bytes: [UInt8]

    /// The empty document.
    package init() {
        bytes = [5, 0, 0, 0, 0]
    }

    /// The document that `body` writes.
    package init<Failure: Error>(
        _ body: (inout BSONDocumentWriter) throws(Failure) -> Void
    ) throws(Failure) {
        var writer = BSONDocumentWriter()
        try body(&writer)
        self = writer.finish()
    }

    /// Bytes from outside, checked as a whole: lengths, terminators, types, UTF-8 and depth.
    ///
    /// Throws `decoding`. O(n).
    package init(validating bytes: [UInt8]) throws(MongoError) {
        guard let length = bytes.littleEndianInt32(at: 0, limit: bytes.count), length == bytes.count, length >= 5 else {
            throw MongoError(.decoding, "the length of a BSON document does not fit its bytes")
        }
        guard Self.isWellFormed(bytes, 0..<length, depth: 1) else {
            throw MongoError(.decoding, "a BSON document is malformed")
        }
        self.bytes = bytes
    }

    /// Bytes known to be well formed, because this module wrote or validated them.
    init(trusting bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether the document has no field.
    package var isEmpty: Bool { bytes.count == 5 }

    /// The first value under `field`, or nil when there is none.
    ///
    /// O(bytes before it).
    package subscript(field: String) -> BSONValue? {
        element(named: field).map { BSONValue($0, in: bytes) }
    }

    func element(named field: String) -> BSONElement? {
        var elements = Elements(bytes)
        while let element = elements.next() {
            if bytes[element.key].elementsEqual(field.utf8) { return element }
        }
        return nil
    }

    private static func isWellFormed(_ bytes: [UInt8], _ range: Range<Int>, depth: Int) -> Bool {
        guard depth <= maximumDepth, range.count >= 5, bytes[range.upperBound - 1] == 0 else { return false }
        let limit = range.upperBound - 1
        var position = range.lowerBound + 4
        while position < limit {
            guard let element = BSONElement(in: bytes, at: position, limit: limit),
                isUTF8(bytes, element.key), isWellFormed(bytes, element, depth: depth)
            else { return false }
            position = element.payload.upperBound
        }
        return position == limit
    }

    private static func isWellFormed(_ bytes: [UInt8], _ element: BSONElement, depth: Int) -> Bool {
        switch element.kind {
        case BSONElement.Kind.string, BSONElement.Kind.javaScript, BSONElement.Kind.symbol:
            isUTF8(bytes, element.text)
        case BSONElement.Kind.document, BSONElement.Kind.array:
            isWellFormed(bytes, element.payload, depth: depth + 1)
        default:
            true
        }
    }

    private static func isUTF8(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        (try? UTF8Span(validating: bytes.span.extracting(range))) != nil
    }
}

extension BSONDocument: Sequence {
    /// Gives the fields in their order.
    package struct Iterator: IteratorProtocol {
        private var elements: Elements

        init(_ bytes: [UInt8]) {
            elements = Elements(bytes)
        }

        /// The next field, or nil after the last.
        package mutating func next() -> (key: String, value: BSONValue)? {
            guard let element = elements.next() else { return nil }
            let key = String(decoding: elements.bytes[element.key], as: UTF8.self)
            return (key, BSONValue(element, in: elements.bytes))
        }
    }

    /// The fields in their order.
    package func makeIterator() -> Iterator { Iterator(bytes) }

    /// The elements of validated bytes, without their values.
    struct Elements: IteratorProtocol {
        let bytes: [UInt8]
        private var position = 4

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func next() -> BSONElement? {
            let limit = bytes.count - 1
            guard position < limit else { return nil }
            guard let element = BSONElement(in: bytes, at: position, limit: limit) else {
                preconditionFailure("validated BSON is malformed")
            }
            position = element.payload.upperBound
            return element
        }
    }
}

/// Where one element of a BSON document lies in its bytes; the only code that knows the lengths of the wire types.
///
/// Validation and reading share it, so bytes that passed validation cannot surprise a reader. Source: bsonspec.org, version 1.1.
struct BSONElement {
    enum Kind {
        static let double: UInt8 = 0x01
        static let string: UInt8 = 0x02
        static let document: UInt8 = 0x03
        static let array: UInt8 = 0x04
        static let binary: UInt8 = 0x05
        static let undefined: UInt8 = 0x06
        static let objectID: UInt8 = 0x07
        static let bool: UInt8 = 0x08
        static let datetime: UInt8 = 0x09
        static let null: UInt8 = 0x0A
        static let regularExpression: UInt8 = 0x0B
        static let databasePointer: UInt8 = 0x0C
        static let javaScript: UInt8 = 0x0D
        static let symbol: UInt8 = 0x0E
        static let javaScriptWithScope: UInt8 = 0x0F
        static let int32: UInt8 = 0x10
        static let timestamp: UInt8 = 0x11
        static let int64: UInt8 = 0x12
        static let decimal128: UInt8 = 0x13
        static let minKey: UInt8 = 0xFF
        static let maxKey: UInt8 = 0x7F
    }

    let kind: UInt8
    /// The key, without its NUL.
    let key: Range<Int>
    /// Everything after the key's NUL.
    let payload: Range<Int>

    /// The element at `position`, or nil when it is malformed or does not end within `limit`.
    init?(in bytes: [UInt8], at position: Int, limit: Int) {
        guard position < limit, let keyEnd = Self.endOfCString(in: bytes, from: position + 1, limit: limit) else {
            return nil
        }
        let start = keyEnd + 1
        kind = bytes[position]
        guard let length = Self.payloadLength(of: kind, in: bytes, at: start, limit: limit), length <= limit - start
        else { return nil }
        key = position + 1..<keyEnd
        payload = start..<start + length
    }

    /// The text of a string-like payload, without its length and its NUL.
    var text: Range<Int> { payload.lowerBound + 4..<payload.upperBound - 1 }

    private static func endOfCString(in bytes: [UInt8], from start: Int, limit: Int) -> Int? {
        var index = start
        while index < limit {
            if bytes[index] == 0 { return index }
            index += 1
        }
        return nil
    }

    private static func payloadLength(of kind: UInt8, in bytes: [UInt8], at start: Int, limit: Int) -> Int? {
        switch kind {
        case Kind.undefined, Kind.null, Kind.minKey, Kind.maxKey: 0
        case Kind.bool: start < limit && bytes[start] <= 1 ? 1 : nil
        case Kind.int32: 4
        case Kind.double, Kind.datetime, Kind.timestamp, Kind.int64: 8
        case Kind.objectID: 12
        case Kind.decimal128: 16
        case Kind.string, Kind.javaScript, Kind.symbol: stringLength(in: bytes, at: start, limit: limit)
        case Kind.databasePointer: stringLength(in: bytes, at: start, limit: limit).map { $0 + 12 }
        case Kind.document, Kind.array: prefixed(in: bytes, at: start, limit: limit, minimum: 5)
        case Kind.javaScriptWithScope: prefixed(in: bytes, at: start, limit: limit, minimum: 14)
        case Kind.binary: binaryLength(in: bytes, at: start, limit: limit)
        case Kind.regularExpression:
            endOfCString(in: bytes, from: start, limit: limit)
                .flatMap { endOfCString(in: bytes, from: $0 + 1, limit: limit) }
                .map { $0 + 1 - start }
        default: nil
        }
    }

    /// The length of a payload whose first four bytes count the whole of it.
    private static func prefixed(in bytes: [UInt8], at start: Int, limit: Int, minimum: Int) -> Int? {
        guard let length = bytes.littleEndianInt32(at: start, limit: limit), length >= minimum else { return nil }
        return length
    }

    private static func stringLength(in bytes: [UInt8], at start: Int, limit: Int) -> Int? {
        guard let length = bytes.littleEndianInt32(at: start, limit: limit), length >= 1,
            length <= limit - start - 4, bytes[start + 4 + length - 1] == 0
        else { return nil }
        return 4 + length
    }

    private static func binaryLength(in bytes: [UInt8], at start: Int, limit: Int) -> Int? {
        guard let length = bytes.littleEndianInt32(at: start, limit: limit), length >= 0 else { return nil }
        return 5 + length
    }
}

extension [UInt8] {
    /// The little-endian four-byte integer at `position`, or nil when it does not end within `limit`.
    func littleEndianInt32(at position: Int, limit: Int) -> Int? {
        guard position <= limit - 4 else { return nil }
        return Int(Int32(truncatingIfNeeded: littleEndian(at: position, count: 4)))
    }

    /// The little-endian unsigned integer of `count` bytes at `position`.
    func littleEndian(at position: Int, count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in (0..<count).reversed() {
            value = value << 8 | UInt64(self[position + index])
        }
        return value
    }
}

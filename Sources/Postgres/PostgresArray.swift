/// A value that can be an element of a one-dimensional Postgres array.
///
/// `UInt8` is one as well, though `[UInt8]` is `bytea`: Swift allows `Array` to conform only once, so the element decides.
package protocol PostgresArrayElement: Sendable {
    /// The type of an array of these.
    static var postgresArrayType: PostgresType { get }
    /// Appends the binary form of an array.
    static func encode(array: [Self], into bytes: inout [UInt8]) throws(PostgresError)
    /// Reads the binary form of an array.
    static func decode(array bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> [Self]
}

extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
    /// Source: `array_send` in `src/backend/utils/adt/arrayfuncs.c`: dimensions, a flag for NULLs, the element type,
    /// then per dimension its length and lower bound, then each element after its length.
    package static func encode(array: [Self], into bytes: inout [UInt8]) throws(PostgresError) {
        guard !array.isEmpty else {
            for word in [0, 0, Int32(bitPattern: postgresType.oid)] { bytes.appendBigEndian(word) }
            return
        }
        guard let count = Int32(exactly: array.count) else { throw PostgresError(.encoding, "array too long") }
        let hasNull: Int32 = array.contains(where: \.isNull) ? 1 : 0
        for word in [1, hasNull, Int32(bitPattern: postgresType.oid), count, 1] { bytes.appendBigEndian(word) }
        for element in array {
            guard !element.isNull else {
                bytes.appendBigEndian(Int32(-1))
                continue
            }
            let start = bytes.count
            bytes.appendBigEndian(Int32(0))
            try element.encode(into: &bytes)
            bytes.writeLength(UInt32(truncatingIfNeeded: bytes.count - start - 4), at: start)
        }
    }

    package static func decode(array bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> [Self] {
        let malformed = PostgresError(.decoding, "type OID \(type.oid) cannot be read as an array of \(Self.self)")
        guard bytes.count >= 12 else { throw malformed }
        let dimensions = bytes.bigEndian(at: 0, as: Int32.self)
        let elementType = PostgresType(oid: bytes.bigEndian(at: 8, as: UInt32.self))
        if dimensions == 0, type == postgresArrayType { return [] }
        guard dimensions == 1, bytes.count >= 20 else { throw malformed }
        let count = Int(bytes.bigEndian(at: 12, as: Int32.self))
        // Each element takes at least its length, so a count that lies cannot make us reserve more than was received.
        guard count >= 0, count <= (bytes.count - 20) / 4 else { throw malformed }
        var array: [Self] = []
        array.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            guard offset + 4 <= bytes.count else { throw malformed }
            let length = Int(bytes.bigEndian(at: offset, as: Int32.self))
            offset += 4
            guard length >= 0 else {
                array.append(try decodeNull())
                continue
            }
            guard length <= bytes.count - offset else { throw malformed }
            array.append(try decode(bytes.extracting(offset..<offset + length), type: elementType))
            offset += length
        }
        return array
    }
}

extension Int64: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .int8Array }
}

extension Int: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .int8Array }
}

extension Int32: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .int4Array }
}

extension Double: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .float8Array }
}

extension Bool: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .boolArray }
}

extension String: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .textArray }
}

extension Optional: PostgresArrayElement
where Wrapped: PostgresArrayElement & PostgresEncodable & PostgresDecodable {
    package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
}

extension UInt8: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .bytea }

    package static func encode(array: [UInt8], into bytes: inout [UInt8]) {
        bytes.append(contentsOf: array)
    }

    /// Reads bytea, and text or JSON as its UTF-8.
    package static func decode(array bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> [UInt8] {
        switch type {
        case .bytea, .text, .varchar, .json:
            return bytes.copied
        case .jsonb:
            try PostgresJSON.checkVersion(of: bytes)
            return bytes.extracting(1..<bytes.count).copied
        default:
            throw [UInt8].mismatch(type)
        }
    }
}

extension Array: PostgresArrayElement where Element == UInt8 {
    package static var postgresArrayType: PostgresType { .byteaArray }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package static var postgresType: PostgresType { Element.postgresArrayType }
    package func encode(into bytes: inout [UInt8]) throws(PostgresError) {
        try Element.encode(array: self, into: &bytes)
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> [Element] {
        try Element.decode(array: bytes, type: type)
    }
}

extension [UInt8] {
    fileprivate mutating func writeLength(_ length: UInt32, at offset: Int) {
        for index in 0..<4 { self[offset + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
    }
}

extension Span<UInt8> {
    fileprivate var copied: [UInt8] { unsafe withUnsafeBufferPointer { unsafe Array($0) } }
}

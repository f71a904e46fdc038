/// A value that can be read from a column in Postgres' binary format.
package protocol PostgresDecodable {
    /// Reads the bytes of a column of `type`. Throws `.decoding` if they are not of this kind.
    static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> Self
    /// What SQL NULL is; throws `.decoding` unless the type is an Optional.
    static func decodeNull() throws(PostgresError) -> Self
}

extension PostgresDecodable {
    package static func decodeNull() throws(PostgresError) -> Self {
        throw PostgresError(.decoding, "NULL where \(Self.self) was expected")
    }

    static func mismatch(_ type: PostgresType) -> PostgresError {
        PostgresError(.decoding, "a column of type OID \(type.oid) cannot be read as \(Self.self)")
    }
}

extension Int64: PostgresDecodable {
    /// Widens int4 and int2.
    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> Int64 {
        switch (type, bytes.count) {
        case (.int8, 8): bytes.bigEndian(at: 0, as: Int64.self)
        case (.int4, 4): Int64(bytes.bigEndian(at: 0, as: Int32.self))
        case (.int2, 2): Int64(bytes.bigEndian(at: 0, as: Int16.self))
        default: throw mismatch(type)
        }
    }
}

extension Int: PostgresDecodable {
    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> Int {
        Int(try Int64.decode(bytes, type: type))
    }
}

extension Int32: PostgresDecodable {
    /// Widens int2; int8 is refused, since it may not fit.
    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> Int32 {
        switch (type, bytes.count) {
        case (.int4, 4): bytes.bigEndian(at: 0, as: Int32.self)
        case (.int2, 2): Int32(bytes.bigEndian(at: 0, as: Int16.self))
        default: throw mismatch(type)
        }
    }
}

extension Double: PostgresDecodable {
    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> Double {
        switch (type, bytes.count) {
        case (.float8, 8): Double(bitPattern: bytes.bigEndian(at: 0, as: UInt64.self))
        case (.float4, 4): Double(Float(bitPattern: bytes.bigEndian(at: 0, as: UInt32.self)))
        default: throw mismatch(type)
        }
    }
}

extension Bool: PostgresDecodable {
    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> Bool {
        guard type == .bool, bytes.count == 1 else { throw mismatch(type) }
        return bytes[0] != 0
    }
}

extension String: PostgresDecodable {
    /// Reads text, varchar, char, name, json and jsonb.
    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> String {
        switch type {
        case .text, .varchar, .bpchar, .name, .json:
            return try validated(bytes)
        case .jsonb:
            try PostgresJSON.checkVersion(of: bytes)
            return try validated(bytes.extracting(1..<bytes.count))
        default:
            throw mismatch(type)
        }
    }

    private static func validated(_ bytes: Span<UInt8>) throws(PostgresError) -> String {
        let text = unsafe bytes.withUnsafeBufferPointer { unsafe String(validating: $0, as: UTF8.self) }
        guard let text else { throw PostgresError(.decoding, "text is not UTF-8") }
        return text
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> Wrapped? {
        try Wrapped.decode(bytes, type: type)
    }
    package static func decodeNull() -> Wrapped? { nil }
}

extension Span<UInt8> {
    /// The caller has checked that the span is long enough; the subscript traps otherwise.
    func bigEndian<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type) -> Value {
        var value: Value = 0
        for index in 0..<MemoryLayout<Value>.size {
            value = value << 8 | Value(truncatingIfNeeded: self[offset + index])
        }
        return value
    }
}

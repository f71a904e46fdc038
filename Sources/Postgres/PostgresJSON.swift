/// A JSON text for a `jsonb` column, carried as UTF-8; it is the server that parses it.
package struct PostgresJSON: Sendable, Hashable {
    /// The text.
    package let bytes: [UInt8]

    /// Makes one of a complete JSON text in UTF-8.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Refuses what does not begin with the version that `jsonb_send` puts first; there is only version 1.
    static func checkVersion(of bytes: Span<UInt8>) throws(PostgresError) {
        guard bytes.count >= 1, bytes[0] == 1 else { throw PostgresError(.decoding, "jsonb of an unknown version") }
    }
}

extension PostgresJSON: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .jsonb }
    package static var postgresArrayType: PostgresType { .jsonbArray }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(1)
        bytes.append(contentsOf: self.bytes)
    }

    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> PostgresJSON {
        guard type == .jsonb || type == .json else { throw mismatch(type) }
        return PostgresJSON(bytes: try [UInt8].decode(bytes, type: type))
    }
}

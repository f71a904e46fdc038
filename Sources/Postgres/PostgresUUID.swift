/// The 16 bytes of a `uuid` column.
package struct PostgresUUID: Sendable, Hashable {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian.
    package let low: UInt64

    /// Makes one of its halves.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes one of exactly 16 bytes; nil for any other count.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.init(high: bytes.span.bigEndian(at: 0, as: UInt64.self), low: bytes.span.bigEndian(at: 8, as: UInt64.self))
    }

    /// The 16 bytes in network order.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        encode(into: &bytes)
        return bytes
    }
}

extension PostgresUUID: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .uuid }
    package static var postgresArrayType: PostgresType { .uuidArray }

    package func encode(into bytes: inout [UInt8]) {
        bytes.appendBigEndian(high)
        bytes.appendBigEndian(low)
    }

    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> PostgresUUID {
        guard type == .uuid, bytes.count == 16 else { throw mismatch(type) }
        return PostgresUUID(
            high: bytes.bigEndian(at: 0, as: UInt64.self),
            low: bytes.bigEndian(at: 8, as: UInt64.self)
        )
    }
}

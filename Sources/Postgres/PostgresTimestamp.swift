/// An instant of a `timestamptz` column.
package struct PostgresTimestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z, the resolution Postgres stores.
    package let microseconds: Int64

    /// Makes one of microseconds since the Unix epoch.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static func < (one: PostgresTimestamp, other: PostgresTimestamp) -> Bool {
        one.microseconds < other.microseconds
    }

    /// Postgres counts from 2000-01-01.
    private static let postgresEpoch: Int64 = 946_684_800_000_000
}

extension PostgresTimestamp: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .timestamptz }
    package static var postgresArrayType: PostgresType { .timestamptzArray }

    package func encode(into bytes: inout [UInt8]) throws(PostgresError) {
        let (value, overflow) = microseconds.subtractingReportingOverflow(Self.postgresEpoch)
        // The extremes of Int64 mean -infinity and infinity on the wire.
        guard !overflow, value != .min, value != .max else {
            throw PostgresError(.encoding, "a timestamp is out of range")
        }
        bytes.appendBigEndian(value)
    }

    package static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresError) -> PostgresTimestamp {
        guard type == .timestamptz, bytes.count == 8 else { throw mismatch(type) }
        let value = bytes.bigEndian(at: 0, as: Int64.self)
        let (microseconds, overflow) = value.addingReportingOverflow(postgresEpoch)
        guard !overflow, value != .min else { throw PostgresError(.decoding, "a timestamp is infinite") }
        return PostgresTimestamp(microseconds: microseconds)
    }
}

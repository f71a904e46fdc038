internal import Domain
internal import Postgres

extension PostgresUUID {
    init(_ id: UniversalID) {
        guard let value = PostgresUUID(bytes: id.bytes) else { preconditionFailure("a UUID has 16 bytes") }
        self = value
    }
}

extension UniversalID {
    init(_ value: PostgresUUID) {
        self.init(high: value.high, low: value.low)
    }
}

extension PostgresTimestamp {
    init(_ timestamp: Timestamp) {
        self.init(microseconds: timestamp.milliseconds * 1000)
    }
}

extension Timestamp {
    /// Without the microseconds, which only times that no client compares have.
    init(_ value: PostgresTimestamp) {
        self.init(milliseconds: value.microseconds / 1000)
    }
}

extension PostgresRow {
    /// A time of a column; null is refused.
    func timestamp(_ column: Int) throws(PostgresError) -> Timestamp {
        Timestamp(try decode(column, as: PostgresTimestamp.self))
    }

    /// A time of a column that may be null.
    func optionalTimestamp(_ column: Int) throws(PostgresError) -> Timestamp? {
        try decode(column, as: PostgresTimestamp?.self).map(Timestamp.init)
    }

    /// A number of ours.
    func id<ID: RawRepresentable<Int64>>(_ column: Int, as type: ID.Type = ID.self) throws(PostgresError) -> ID {
        try Self.value(decode(column, as: Int64.self), "number")
    }

    /// A number of ours that may be null.
    func optionalID<ID: RawRepresentable<Int64>>(
        _ column: Int,
        as type: ID.Type = ID.self
    ) throws(PostgresError) -> ID? {
        guard let value = try decode(column, as: Int64?.self) else { return nil }
        return try Self.value(value, "number")
    }

    /// One of the words an enumeration has.
    func word<Word: RawRepresentable<String>>(
        _ column: Int,
        as type: Word.Type = Word.self
    ) throws(PostgresError) -> Word {
        try Self.value(decode(column, as: String.self), "word")
    }

    /// The kind of an event.
    func kind(_ column: Int) throws(PostgresError) -> EventKind {
        try EventKind(code: decode(column, as: Int64.self))
    }

    private static func value<Raw, Value: RawRepresentable<Raw>>(
        _ raw: Raw,
        _ name: String
    ) throws(PostgresError) -> Value {
        guard let value = Value(rawValue: raw) else {
            throw PostgresError(.decoding, "a \(name) that \(Value.self) does not have")
        }
        return value
    }
}

extension EventKind {
    init(code: Int64) throws(PostgresError) {
        guard let raw = Int16(exactly: code), let kind = EventKind(rawValue: raw) else {
            throw PostgresError(.decoding, "event kind \(code) is not of this version")
        }
        self = kind
    }
}

import Testing

@testable import Postgres

@Suite struct PostgresQueryTests {
    @Test func `interpolated values become binds, never text`() {
        let name = "'; DROP TABLE chats; --"
        let query: PostgresQuery = "SELECT * FROM chats WHERE id = \(Int64(7)) AND name = \(name)"
        #expect(query.sql == "SELECT * FROM chats WHERE id = $1 AND name = $2")
        #expect(query.binds.types == [.int8, .text])
        #expect(query.binds.failure == nil)
    }

    @Test func `a query without values is its text`() {
        let query: PostgresQuery = "SELECT 1"
        #expect(query.sql == "SELECT 1")
        #expect(query.binds.count == 0)
        #expect(query.named("one").name == "one")
    }

    @Test func `NUL in text is refused, also within an array`() {
        let text: PostgresQuery = "SELECT \("a\0b")"
        #expect(text.binds.failure?.code == .encoding)
        let array: PostgresQuery = "SELECT \(["fine", "a\0b"])"
        #expect(array.binds.failure?.code == .encoding)
    }

    @Test func `an empty value is not NULL`() {
        let query: PostgresQuery = "SELECT \(""), \([UInt8]()), \(String?.none)"
        #expect(query.binds.ranges.map { $0?.count } == [0, 0, nil])
        #expect(!query.binds.bytes.isEmpty)
    }

    @Test func `an array is encoded as array_send does`() {
        let query: PostgresQuery = "SELECT \([Int32(5), nil])"
        #expect(query.binds.types == [.int4Array])
        let expected: [UInt8] = [
            0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5, 255, 255, 255, 255,
        ]
        #expect(Array(query.binds.bytes.dropFirst()) == expected)
    }

    @Test func `bytes are bytea, and arrays of bytes are arrays of bytea`() {
        let query: PostgresQuery = "SELECT \([UInt8](arrayLiteral: 1, 2)), \([[UInt8]](arrayLiteral: [1], []))"
        #expect(query.binds.types == [.bytea, .byteaArray])
    }

    @Test(arguments: [0, 8, 19, 21, 23])
    func `an array cut short is a typed error`(length: Int) throws {
        var bytes: [UInt8] = []
        try Int64.encode(array: [1], into: &bytes)
        bytes.removeLast(bytes.count - length)
        #expect(throws: PostgresError.self) { try [Int64].decode(bytes.span, type: .int8Array) }
    }

    @Test func `an array whose count lies does not reserve memory`() {
        let bytes: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 127, 255, 255, 255, 0, 0, 0, 1]
        #expect(throws: PostgresError.self) { try [Int64].decode(bytes.span, type: .int8Array) }
    }

    @Test func `timestamps count from 2000 on the wire and refuse what would mean infinity`() throws {
        var bytes: [UInt8] = []
        try PostgresTimestamp(microseconds: 946_684_800_000_001).encode(into: &bytes)
        #expect(bytes == [0, 0, 0, 0, 0, 0, 0, 1])
        #expect(throws: PostgresError.self) { try PostgresTimestamp(microseconds: .min).encode(into: &bytes) }
        let infinity: [UInt8] = [127] + Array(repeating: 255, count: 7)
        #expect(throws: PostgresError.self) { try PostgresTimestamp.decode(infinity.span, type: .timestamptz) }
    }

    @Test func `a column of another type is a typed error`() {
        let bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1]
        #expect(throws: PostgresError.self) { try Int32.decode(bytes.span, type: .int8) }
        #expect(throws: PostgresError.self) { try String.decode(bytes.span, type: .int8) }
        #expect(throws: PostgresError.self) { try Int64.decodeNull() }
        #expect(throws: PostgresError.self) { try String.decode([UInt8]([0xff]).span, type: .text) }
    }

    @Test func `errors are sorted by SQLSTATE and do not repeat values`() {
        let data = PostgresError(sqlstate: "22P02", primary: "invalid input: \"secret\"", constraint: "")
        #expect(!data.description.contains("secret"))
        let unique = PostgresError(sqlstate: "23505", primary: "duplicate", constraint: "users_email")
        #expect(unique.code == .constraint(name: "users_email", sqlstate: "23505"))
        #expect(!unique.isRetryable)
        #expect(PostgresError(sqlstate: "40P01", primary: "", constraint: "").isRetryable)
        #expect(PostgresError(sqlstate: "57P01", primary: "", constraint: "").code == .unavailable)
    }
}

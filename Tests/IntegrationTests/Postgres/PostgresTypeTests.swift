import IOCore
import Postgres
import Support
import Testing

@Suite(.realTime) struct PostgresTypeTests {
    /// Sends a value as a bind and reads it back.
    private func echo<Value: PostgresEncodable & PostgresDecodable>(
        _ value: Value,
        _ client: PostgresClient
    ) async throws -> Value {
        let rows = try await client.query("SELECT \(value)")
        return try #require(rows.first).decode(0)
    }

    private func expectEcho<Value: PostgresEncodable & PostgresDecodable & Equatable>(_ values: Value...) async throws {
        try await withPostgres { client, _ in
            for value in values {
                let echoed = try await echo(value, client)
                #expect(echoed == value)
            }
        }
    }

    @Test func `numbers and booleans come back as they went`() async throws {
        try await expectEcho(Int64.min, -1, 0, .max)
        try await expectEcho(Int32.min, 0, .max)
        try await expectEcho(Int.min, 42, .max)
        try await expectEcho(0.1, -.infinity, .greatestFiniteMagnitude)
        try await expectEcho(true, false)
        try await expectEcho(Int64?.none, 5)
    }

    @Test func `text and bytes come back as they went, empty and large ones too`() async throws {
        try await expectEcho("", "a", "👩‍👩‍👧 e\u{301} \u{10FFFF}", String(repeating: "ü", count: 100_000))
        try await expectEcho(String?.none, "x")
        let megabyte = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await expectEcho([UInt8](), [0, 255], megabyte)
        try await expectEcho([UInt8]?.none, [1])
    }

    @Test func `arrays come back as they went, with NULLs and empty ones`() async throws {
        try await expectEcho([Int64](), [1, -1, .max])
        try await expectEcho([Int32](), [1, -1])
        try await expectEcho([String](), ["", "🙂", "{,\"}"])
        try await expectEcho([[UInt8]](), [[], [0, 255]])
        try await expectEcho([Int64?](), [nil, 3, nil])
        try await expectEcho([String?]([nil, "", "NULL"]))
        try await expectEcho([[UInt8]?]([nil, []]))
        try await expectEcho([PostgresUUID](), [PostgresUUID(high: 1, low: .max)])
        try await expectEcho([PostgresTimestamp?]([PostgresTimestamp(microseconds: -1), nil]))
        try await expectEcho([Bool]([true, false]))
        try await expectEcho([Double]([1.5]))
    }

    @Test func `identifiers, times and JSON mean to the server what they mean to us`() async throws {
        try await withPostgres { client, _ in
            let id = try #require(PostgresUUID(bytes: Array(0..<16)))
            let time = PostgresTimestamp(microseconds: 1_700_000_000_123_456)
            let json = PostgresJSON(bytes: Array(#"{"a": [1, null]}"#.utf8))
            let rows = try await client.query(
                """
                SELECT \(id)::text, (extract(epoch FROM \(time)) * 1000000)::int8, \(json) -> 'a' ->> 0, \(json),
                       \(json)::json, 'x'::varchar, 'n'::name, 7::int2, 1.5::float4
                """
            )
            let row = try #require(rows.first)
            #expect(try row.decode(0) == "00010203-0405-0607-0809-0a0b0c0d0e0f")
            #expect(try row.decode(1) == time.microseconds)
            #expect(try row.decode(2) == "1")
            #expect(try row.decode(3) == json)
            #expect(try row.decode(4, as: [UInt8].self) == json.bytes)
            #expect(try row.decode(5) == "x")
            #expect(try row.decode(6) == "n")
            #expect(try row.decode(7) == 7)
            #expect(try row.decode(8) == 1.5)
        }
    }

    @Test func `reading a column wrongly is a typed error`() async throws {
        try await withPostgres { client, _ in
            let row = try #require(try await client.query("SELECT 1::int8, NULL::text, 'infinity'::timestamptz").first)
            #expect(throws: PostgresError.self) { try row.decode(0, as: String.self) }
            #expect(throws: PostgresError.self) { try row.decode(0, as: Int32.self) }
            #expect(throws: PostgresError.self) { try row.decode(1, as: String.self) }
            #expect(throws: PostgresError.self) { try row.decode(2, as: PostgresTimestamp.self) }
            #expect(throws: PostgresError.self) { try row.decode(3, as: Int64.self) }
            #expect(throws: PostgresError.self) { try row.decode(-1, as: Int64.self) }
            #expect(try row.decode(1, as: String?.self) == nil)
        }
    }

    @Test func `text with NUL never leaves, and the connection is as good as before`() async throws {
        try await withPostgres { client, _ in
            let error = await postgresFailure { _ = try await client.query("SELECT \("a\0b")") }
            #expect(error?.code == .encoding)
            let echoed = try await echo("fine", client)
            #expect(echoed == "fine")
        }
    }
}

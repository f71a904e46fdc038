import IOCore
import Postgres
import Support
import Testing

@Suite(.realTime) struct PostgresClientTests {
    @Test func `64 callers at once each get their own answer, in reads and in writes`() async throws {
        try await withPostgres { client, loop in
            try await client.execute("DROP TABLE IF EXISTS client_many")
            try await client.execute("CREATE TABLE client_many(id int8 PRIMARY KEY)")
            let written = await concurrently(64, client, loop) { client, number throws(PostgresError) in
                try await client.execute("INSERT INTO client_many VALUES (\(number)) RETURNING id")[0].decode(
                    0,
                    as: Int.self
                )
            }
            #expect(try written.map { try $0.get() } == Array(0..<64))
            for _ in 0..<20 {
                let read = await concurrently(64, client, loop) { client, number throws(PostgresError) in
                    try await client.query("SELECT id FROM client_many WHERE id = \(number)")[0].decode(0, as: Int.self)
                }
                #expect(try read.map { try $0.get() } == Array(0..<64))
            }
            try await client.execute("DROP TABLE client_many")
        }
    }

    @Test func `failures among the reads of a tick are their callers' alone`() async throws {
        try await withPostgres(configure: { $0.readers = 1 }) { client, loop in
            // First the error arises when the statement runs, then already when it is parsed.
            for isParseError in [false, true] {
                let results = await concurrently(64, client, loop) { client, number throws(PostgresError) in
                    guard number % 5 == 2 else {
                        return try await client.query("SELECT \(number)")[0].decode(0, as: Int.self)
                    }
                    if isParseError { return try await client.query("SELECT no_such_column").count }
                    return try await client.query("SELECT 1 / \(number - number)").count
                }
                for (number, result) in results.enumerated() {
                    switch result {
                    case .success(let value): #expect(value == number && number % 5 != 2)
                    case .failure(let error):
                        #expect(number % 5 == 2)
                        #expect(error.sqlstate == (isParseError ? "42703" : "22012"))
                        #expect(!error.isOutcomeUnknown && !error.isRetryable)
                    }
                }
            }
        }
    }

    @Test func `a statement that could not be prepared works once it can be`() async throws {
        try await withPostgres(configure: {
            $0.readers = 1; $0.writers = 1
        }) { client, _ in
            try await client.execute("DROP TABLE IF EXISTS client_late")
            for _ in 0..<3 {
                let error = await postgresFailure { _ = try await client.query("SELECT count(*) FROM client_late") }
                #expect(error?.sqlstate == "42P01")
            }
            try await client.execute("CREATE TABLE client_late(id int8)")
            #expect(try await client.query("SELECT count(*) FROM client_late")[0].decode(0, as: Int.self) == 0)
            try await client.execute("DROP TABLE client_late")
        }
    }

    @Test func `a prepared statement survives a change of its table`() async throws {
        try await withPostgres(configure: {
            $0.readers = 1; $0.writers = 1
        }) { client, _ in
            try await client.execute("DROP TABLE IF EXISTS client_changing")
            try await client.execute("CREATE TABLE client_changing(a int8)")
            try await client.execute("INSERT INTO client_changing VALUES (1)")
            #expect(try await client.query("SELECT * FROM client_changing")[0].columnCount == 1)
            try await client.execute("ALTER TABLE client_changing ADD COLUMN b int8")
            #expect(try await client.query("SELECT * FROM client_changing")[0].columnCount == 2)
            try await client.execute("DROP TABLE client_changing")
        }
    }

    @Test func `constraints are told by name, deferred ones at commit too, and nothing is kept`() async throws {
        try await withPostgres { client, _ in
            try await client.execute("DROP TABLE IF EXISTS client_unique")
            try await client.execute(
                """
                CREATE TABLE client_unique(
                    id int8 CONSTRAINT client_unique_id UNIQUE,
                    other int8 CONSTRAINT client_unique_other UNIQUE DEFERRABLE INITIALLY DEFERRED)
                """
            )
            try await client.execute("INSERT INTO client_unique VALUES (1, 1)")
            let now = await postgresFailure { try await client.execute("INSERT INTO client_unique VALUES (1, 2)") }
            #expect(now?.code == .constraint(name: "client_unique_id", sqlstate: "23505"))
            let deferred = await postgresFailure { try await client.execute("INSERT INTO client_unique VALUES (2, 1)") }
            #expect(deferred?.code == .constraint(name: "client_unique_other", sqlstate: "23505"))
            #expect(deferred?.isOutcomeUnknown == false)
            #expect(try await client.query("SELECT * FROM client_unique").count == 1)
            try await client.execute("DROP TABLE client_unique")
        }
    }

    @Test func `more statements than the cache holds are prepared and forgotten in turn`() async throws {
        try await withPostgres(configure: {
            $0.readers = 1; $0.statementLimit = 2
        }) { client, _ in
            for _ in 0..<3 {
                #expect(try await client.query("SELECT 1")[0].decode(0, as: Int.self) == 1)
                #expect(try await client.query("SELECT 2")[0].decode(0, as: Int.self) == 2)
                #expect(try await client.query("SELECT 3")[0].decode(0, as: Int.self) == 3)
            }
            let kept = try await client.query("SELECT count(*) FROM pg_prepared_statements")[0].decode(0, as: Int.self)
            #expect(kept <= 2)
        }
    }

    @Test func `a transaction commits whole or not at all`() async throws {
        struct Refusal: Error {}
        try await withPostgres { client, _ in
            try await client.execute("DROP TABLE IF EXISTS client_transaction")
            try await client.execute("CREATE TABLE client_transaction(id int8 PRIMARY KEY)")
            try await client.transaction { session in
                try await session.execute("INSERT INTO client_transaction VALUES (1)")
                try await session.execute("INSERT INTO client_transaction VALUES (2)")
            }
            // Not `#expect(throws:)`, which would run its closure off the loop.
            do {
                try await client.transaction { session in
                    try await session.execute("INSERT INTO client_transaction VALUES (3)")
                    throw Refusal()
                }
                Issue.record("the error was swallowed")
            } catch {
                #expect(error is Refusal)
            }
            let swallowed = await postgresFailure {
                try await client.transaction { session in
                    try await session.execute("INSERT INTO client_transaction VALUES (4)")
                    _ = try? await session.execute("INSERT INTO client_transaction VALUES (1)")
                }
            }
            #expect(swallowed?.sqlstate == "25P02")
            #expect(try await client.query("SELECT * FROM client_transaction").count == 2)
            try await client.execute("DROP TABLE client_transaction")
        }
    }

    @Test func `a script runs all of its statements or none`() async throws {
        try await withPostgres { client, _ in
            try await client.withSession { session in
                try await session.run(
                    script: "DROP TABLE IF EXISTS client_script; CREATE TABLE client_script(id int8); SELECT 1;"
                )
                try await session.execute("INSERT INTO client_script VALUES (\(1))")
            }
            let error = await postgresFailure {
                try await client.withSession { try await $0.run(script: "DROP TABLE client_script; SELECT nonsense;") }
            }
            #expect(error?.sqlstate == "42703")
            #expect(try await client.query("SELECT * FROM client_script").count == 1)
            try await client.execute("DROP TABLE client_script")
        }
    }

    @Test func `what is more than the in-flight limit is refused at once`() async throws {
        try await withPostgres(configure: {
            $0.readers = 1; $0.inFlightLimit = 8
        }) { client, loop in
            let results = await concurrently(20, client, loop) { client, number throws(PostgresError) in
                // The first keeps all others waiting, until long after the last was begun.
                let pause = number == 0 ? 3.0 : 0
                return try await client.query("SELECT pg_sleep(\(pause))", deadline: .seconds(60)).count
            }
            let refused = results.filter {
                if case .failure(let error) = $0 { error.code == .overloaded } else { false }
            }
            #expect(refused.count == 12)
        }
    }

    @Test func `an answer beyond the limit is refused`() async throws {
        try await withPostgres(configure: { $0.answerLimitBytes = 100_000 }) { client, _ in
            let error = await postgresFailure { _ = try await client.query("SELECT repeat('x', 200000)") }
            #expect(error?.sqlstate == "54000")
            try await client.health()
        }
    }
}

import IOCore
import Postgres
import Support
import Testing

@Suite(.realTime) struct PostgresFaultTests {
    /// Waits until a reader and the writers are connected, so that the deadlines that follow are those of statements.
    private func connect(_ client: PostgresClient, _ loop: EventLoop) async throws {
        try await client.health(deadline: .seconds(30))
        let writes = await concurrently(2, client, loop) { client, _ throws(PostgresError) in
            try await client.execute("SELECT pg_sleep(0.1)", deadline: .seconds(30)).count
        }
        for write in writes { _ = try write.get() }
    }

    @Test func `a statement beyond its deadline times out, and the client goes on`() async throws {
        try await withPostgres { client, loop in
            try await connect(client, loop)
            let start = loop.now
            let read = await postgresFailure {
                _ = try await client.query("SELECT pg_sleep(30)", deadline: .milliseconds(200))
            }
            #expect(read?.code == .timeout)
            #expect(read?.isOutcomeUnknown == false)
            let write = await postgresFailure {
                try await client.execute("SELECT pg_sleep(30)", deadline: .milliseconds(200))
            }
            #expect(write?.code == .timeout)
            #expect(write?.isOutcomeUnknown == true)
            #expect(loop.now - start < .seconds(20))
            try await client.health(deadline: .seconds(20))
            try await client.execute("SELECT 1")
        }
    }

    @Test func `reads that share a connection with one that times out are answered all the same`() async throws {
        try await withPostgres(configure: { $0.readers = 1 }) { client, loop in
            try await connect(client, loop)
            let results = await concurrently(16, client, loop) { client, number throws(PostgresError) in
                let deadline: Duration = number == 5 ? .milliseconds(200) : .seconds(30)
                let pause = number == 5 ? 60.0 : 0
                return try await client.query("SELECT \(number), pg_sleep(\(pause))", deadline: deadline)[0]
                    .decode(0, as: Int.self)
            }
            for (number, result) in results.enumerated() {
                switch result {
                case .success(let value): #expect(value == number && number != 5)
                case .failure(let error): #expect(error.code == .timeout && number == 5)
                }
            }
        }
    }

    @Test func `a backend terminated in the middle of a write leaves it unknown, and the client comes back`()
        async throws
    {
        try await withPostgres { client, loop in
            let name = "terminated-\(UInt64.random(in: 0...UInt64.max))"
            let results = await concurrently(2, client, loop) { client, number throws(PostgresError) in
                guard number == 0 else {
                    let end = loop.now + .seconds(60)
                    while loop.now < end {
                        let killed = try await client.query(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE query LIKE '%' || \(name) || '%' AND state = 'active' AND pid <> pg_backend_pid()
                            AND query LIKE 'DO%'
                            """
                        )
                        if !killed.isEmpty { return 1 }
                        await loop.sleep(for: .milliseconds(20))
                    }
                    return 0
                }
                do {
                    return try await client.withSession { session in
                        try await session.run(
                            script: "DO $$ BEGIN PERFORM pg_sleep(120); /* \(name) */ END $$",
                            deadline: .seconds(120)
                        )
                        return 0
                    }
                } catch {
                    throw error as? PostgresError ?? PostgresError(.decoding, "\(error)")
                }
            }
            guard case .failure(let error) = results[0] else {
                Issue.record("the statement outlived its backend")
                return
            }
            #expect(error.code == .unavailable)
            #expect(error.isOutcomeUnknown && error.isRetryable)
            try await client.transaction(deadline: .seconds(30)) { try await $0.execute("SELECT 1") }
        }
    }

    @Test func `shutdown answers everything in flight and everything after it`() async throws {
        try await withPostgres { client, loop in
            try await connect(client, loop)
            // What ends them is the shutdown, however long a busy machine takes to get there.
            let long = Duration.seconds(60)
            let results = await concurrently(5, client, loop) { client, number throws(PostgresError) in
                switch number {
                case 0:
                    return try await client.query("SELECT 7, pg_sleep(0.2)", deadline: long)[0].decode(0, as: Int.self)
                case 1:
                    return try await client.execute("SELECT 8, pg_sleep(0.2)", deadline: long)[0].decode(
                        0,
                        as: Int.self
                    )
                case 2:
                    return try await client.execute("SELECT 9, pg_sleep(60)", deadline: long)[0].decode(0, as: Int.self)
                case 3:
                    await loop.sleep(for: .milliseconds(50))
                    await client.shutdown(grace: .seconds(8))
                    return 0
                default:
                    await loop.sleep(for: .milliseconds(100))
                    return try await client.query("SELECT 1").count
                }
            }
            #expect((try? results[0].get()) == 7)
            #expect((try? results[1].get()) == 8)
            #expect(throws: PostgresError(.shutdown, "the client was shut down", isOutcomeUnknown: true)) {
                try results[2].get()
            }
            #expect((try? results[3].get()) == 0)
            #expect(throws: PostgresError(.shutdown, "the client was shut down")) { try results[4].get() }
        }
    }

    @Test func `without a server callers wait for their deadline, and no longer`() async throws {
        try await withPostgres(url: "postgresql://postgres@127.0.0.1:1/postgres") { client, loop in
            let start = loop.now
            let error = await postgresFailure { _ = try await client.query("SELECT 1", deadline: .milliseconds(300)) }
            #expect(error?.code == .unavailable && error?.isOutcomeUnknown == false)
            let session = await postgresFailure { try await client.transaction(deadline: .milliseconds(300)) { _ in } }
            #expect(session?.code == .unavailable)
            #expect(loop.now - start < .seconds(20))
        }
    }

    @Test func `a server that is killed and started again is found again`() async throws {
        let server = try await PrivatePostgres()
        try await withPostgres(url: server.url) { client, loop in
            try await client.execute("CREATE TABLE kept(id int8)")
            try await client.execute("INSERT INTO kept VALUES (1)")
            server.kill()
            let start = loop.now
            let results = await concurrently(64, client, loop) { client, number throws(PostgresError) in
                try await client.query("SELECT \(number)", deadline: .milliseconds(500)).count
            }
            for result in results {
                guard case .failure(let error) = result else { continue }
                #expect(error.code == .unavailable || error.code == .timeout)
            }
            #expect(loop.now - start < .seconds(20))
            try await server.start()
            #expect(try await client.query("SELECT * FROM kept", deadline: .seconds(20)).count == 1)
            try await client.execute("INSERT INTO kept VALUES (2)", deadline: .seconds(20))
        }
    }

    @Test func `a server that hangs holds nobody beyond the deadline, and is found again`() async throws {
        let server = try await PrivatePostgres()
        try await withPostgres(url: server.url) { client, loop in
            try await connect(client, loop)
            server.freeze()
            let start = loop.now
            let results = await concurrently(32, client, loop) { client, number throws(PostgresError) in
                if number % 2 == 0 { return try await client.query("SELECT 1", deadline: .milliseconds(500)).count }
                return try await client.execute("SELECT 1", deadline: .milliseconds(500)).count
            }
            #expect(loop.now - start < .seconds(20))
            for (number, result) in results.enumerated() {
                guard case .failure(let error) = result else {
                    Issue.record("a frozen server answered")
                    continue
                }
                // The first deadline closes the connection; what began a little later is lost with it.
                #expect(error.code == .timeout || error.code == .unavailable)
                #expect(number % 2 == 1 || !error.isOutcomeUnknown)
                if number < 2 { #expect(error.code == .timeout && error.isOutcomeUnknown == (number == 1)) }
            }
            server.thaw()
            try await client.health(deadline: .seconds(20))
            try await client.execute("SELECT 1", deadline: .seconds(10))
        }
    }
}

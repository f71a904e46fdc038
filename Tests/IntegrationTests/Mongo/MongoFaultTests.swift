import IOCore
import Mongo
import Support
import Testing

/// What an acknowledged write promised holds through faults of a server that the test owns.
@Suite(.serialized, .realTime) struct MongoFaultTests {
    private static func client(of server: PrivateMongoServer) throws -> MongoClient {
        var configuration = MongoConfiguration(url: server.url(), database: "fault")
        configuration.serverSelectionTimeout = .milliseconds(500)
        configuration.connectTimeout = .milliseconds(500)
        configuration.socketTimeout = .seconds(30)
        configuration.deadline = .seconds(1)
        return try MongoClient(configuration, logger: Logger(label: "test"))
    }

    /// Writers that go on through the fault; returns the last acknowledged rev of each and the errors met.
    private static func write(
        _ client: MongoClient,
        writers: Int,
        until stopped: @escaping @Sendable () async -> Bool
    ) async -> (acknowledged: [Int64: Int64], errors: [MongoError], slowest: Duration) {
        await withTaskGroup(of: (Int64, Int64, [MongoError], Duration).self) { group in
            for id in 0..<Int64(writers) {
                group.addTask {
                    var rev: Int64 = 0
                    var acknowledged: Int64 = 0
                    var errors: [MongoError] = []
                    var slowest: Duration = .zero
                    while await !stopped() {
                        rev += 1
                        let begun = ContinuousClock.now
                        let replacement = guarded(id, rev)
                        let error = await errorIfAny {
                            if try await client.bulkReplace("c", [replacement]).isComplete { acknowledged = rev }
                        }
                        slowest = max(slowest, .now - begun)
                        if let error { errors.append(error) }
                    }
                    return (id, acknowledged, errors, slowest)
                }
            }
            return await group.reduce(into: ([:], [], .zero)) { total, one in
                total.0[one.0] = one.1
                total.1 += one.2
                total.2 = max(total.2, one.3)
            }
        }
    }

    /// Runs `fault` under writers, waits for recovery, and checks errors, waits and what was acknowledged.
    private static func check(
        _ server: PrivateMongoServer,
        fault: (MongoClient) async throws -> Void
    ) async throws -> [MongoError] {
        let client = try Self.client(of: server)
        defer { client.shutdown() }
        let stop = Flag()
        async let written = Self.write(client, writers: 8) { await stop.isRaised }
        try await eventually("writes are acknowledged") {
            (try? await client.find("c", BSONDocument()).count == 8) ?? false
        }
        try await fault(client)
        try await eventually("the client recovers") { await client.health() == nil }
        try await eventually("writes are acknowledged again") {
            await errorIfAny { _ = try await client.bulkReplace("c", [guarded(100, .random(in: 1 ... .max / 2))]) }
                == nil
        }
        await stop.raise()
        let (acknowledged, errors, slowest) = await written
        // Well above the deadline of one second, and below the socket timeout that would end a wait without it.
        #expect(slowest < .seconds(25))
        #expect(errors.filter { !$0.isRetryable } == [])
        for (id, rev) in acknowledged {
            let stored = try await client.find("c", byID(id), deadline: .seconds(30)).first?.int64("rev") ?? 0
            #expect(stored >= rev)
        }
        return errors
    }

    @Test func `killed and started again, the server loses nothing acknowledged and the client recovers`() async throws
    {
        let server = try await PrivateMongoServer()
        let errors = try await Self.check(server) { _ in
            server.kill()
            let client = try Self.client(of: server)
            defer { client.shutdown() }
            let health = await client.health(deadline: .seconds(30))
            #expect(health?.code == .unavailable)
            #expect(health?.isOutcomeUnknown == false)
            try await server.start()
        }
        #expect(!errors.isEmpty)
    }

    @Test func `a server that is stopped and continued ends in timeouts, not in hanging`() async throws {
        let server = try await PrivateMongoServer()
        let errors = try await Self.check(server) { client in
            server.freeze()
            defer { server.thaw() }
            // The writers hold every thread and asked before this, so when it gives up they have.
            let error = await mongoFailure { try await client.bulkReplace("c", [guarded(1, 1)]) }
            #expect(error?.isRetryable == true)
            let newcomer = try Self.client(of: server)
            defer { newcomer.shutdown() }
            let health = await newcomer.health(deadline: .milliseconds(300))
            #expect(health?.code == .timeout || health?.code == .unavailable)
        }
        #expect(errors.contains { $0.code == .timeout && $0.isOutcomeUnknown })
    }

    @Test func `a primary that steps down gives retryable errors until there is one again`() async throws {
        let server = try await PrivateMongoServer()
        let errors = try await Self.check(server) { _ in
            let client = try Self.client(of: server)
            defer { client.shutdown() }
            let command = BSONDocument {
                $0.int32("replSetStepDown", 2)
                $0.bool("force", true)
            }
            _ = try await client.command(command, database: "admin", deadline: .seconds(30))
            let error = await mongoFailure { try await client.insertMany("c", [revision(1, 1)]) }
            #expect(error?.isRetryable == true)
        }
        #expect(errors.contains { $0.code == .notPrimary || $0.code == .unavailable })
    }
}

/// A flag that tasks share.
private actor Flag {
    private(set) var isRaised = false

    func raise() {
        isRaised = true
    }
}

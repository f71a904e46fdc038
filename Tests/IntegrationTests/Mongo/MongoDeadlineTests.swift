import IOCore
import Mongo
import Support
import Testing

@Suite(.serialized, .realTime) struct MongoDeadlineTests {
    /// Keeps the server busy for about as long as it says, once a document.
    private static func busy(_ milliseconds: Int) -> BSONDocument {
        BSONDocument { $0.string("$where", "sleep(\(milliseconds)) || true") }
    }

    private static func isBusy(_ client: MongoClient, with collection: String) async throws -> Bool {
        let command = BSONDocument { writer in
            writer.int32("currentOp", 1)
            writer.string("command.find", collection)
        }
        return try await client.command(command, database: "admin").array("inprog").isEmpty == false
    }

    @Test func `the server's limit ends a slow read in time`() async throws {
        try await MongoFixture.with("slow") { client, collection in
            _ = try await client.insertMany(collection, [revision(1, 1)])
            let begun = ContinuousClock.now
            let error = await mongoFailure {
                try await client.find(collection, Self.busy(40_000), deadline: .milliseconds(200))
            }
            #expect(error?.code == .timeout)
            #expect(error?.isOutcomeUnknown == false)
            // Half of what the read would take on a server that let it go on.
            #expect(.now - begun < .seconds(20))
        }
    }

    @Test func `a write past its deadline resumes its caller at once and its outcome is unknown`() async throws {
        // The longer it takes, the longer a pause of the machine may be before the look at what is not there yet.
        try await MongoFixture.with("slowwrite", configure: { $0.socketTimeout = .seconds(60) }) { client, collection in
            _ = try await client.insertMany(collection, [revision(1, 1)])
            let update = BSONDocument { writer in writer.document("$set") { $0.string("text", "late") } }
            let error = await mongoFailure {
                try await client.updateMany(collection, Self.busy(8_000), update, deadline: .milliseconds(200))
            }
            #expect(error?.code == .timeout)
            #expect(error?.isOutcomeUnknown == true)
            #expect(error?.isRetryable == true)
            // Unknown is the truth: its caller is told first, and it lands later.
            #expect(try await client.find(collection, byID(1)).first?.string("text") != "late")
            try await eventually("the write lands") {
                try await client.find(collection, byID(1)).first?.string("text") == "late"
            }
        }
    }

    @Test func `sixty-four callers share eight threads`() async throws {
        try await MongoFixture.with("concurrent") { client, collection in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<64 {
                    group.addTask {
                        for rev in 1...10 {
                            let outcome = try await client.bulkReplace(
                                collection,
                                [guarded(Int64(caller), Int64(rev), text: "caller \(caller)")]
                            )
                            #expect(outcome.isComplete)
                            let found = try await client.find(collection, byID(Int64(caller)))
                            #expect(found == [revision(Int64(caller), Int64(rev), text: "caller \(caller)")])
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a full queue refuses at once, and a caller whose turn never comes was not begun`() async throws {
        func configure(_ configuration: inout MongoConfiguration) {
            configuration.threads = 1
            configuration.queueLimit = 2
            configuration.socketTimeout = .seconds(90)
        }
        try await MongoFixture.with("full", configure: configure) { client, collection in
            _ = try await client.insertMany(collection, [revision(1, 1)])
            let watcher = try MongoFixture.client()
            defer { watcher.shutdown() }
            let errors = try await withThrowingTaskGroup(of: MongoError?.self) { group in
                group.addTask {
                    await errorIfAny { try await client.find(collection, Self.busy(8_000), deadline: .seconds(60)) }
                }
                try await eventually("the slow read is under way") {
                    try await Self.isBusy(watcher, with: collection)
                }
                for id in 10..<15 {
                    group.addTask {
                        await errorIfAny {
                            try await client.insertMany(
                                collection,
                                [revision(Int64(id), 1)],
                                deadline: .seconds(2)
                            )
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let codes = errors.compactMap(\.?.code)
            #expect(codes.count { $0 == .overloaded } == 3)
            #expect(codes.count { $0 == .timeout } == 2)
            #expect(errors.allSatisfy { $0?.isOutcomeUnknown != true })
            // Behind the two that gave up: had they been begun after all, this would see it.
            try await eventually("the queue is empty") { await client.health() == nil }
            #expect(try await client.find(collection, BSONDocument()).count == 1)
        }
    }

    @Test func `short deadlines behind long ones are kept`() async throws {
        try await MongoFixture.with("order") { client, collection in
            _ = try await client.insertMany(collection, [revision(1, 1)])
            let update = BSONDocument { writer in writer.document("$set") { $0.string("text", "x") } }
            func waits() async -> [Duration] {
                await withTaskGroup(of: Duration.self) { group in
                    for milliseconds in [6_000, 2_000, 4_000, 400] {
                        group.addTask {
                            let begun = ContinuousClock.now
                            _ = try? await client.updateMany(
                                collection,
                                Self.busy(10_000),
                                update,
                                deadline: .milliseconds(milliseconds)
                            )
                            return ContinuousClock.now - begun - .milliseconds(milliseconds)
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
            // The deadlines lie 1.6 s apart or more: one that waited for the next would be late by as much. Only on a machine
            // that stands still is one late without that, and then another look tells.
            var late: [Duration] = []
            for _ in 0..<5 {
                late = await waits()
                #expect(late.allSatisfy { $0 >= .zero }, "\(late)")
                if late.allSatisfy({ $0 < .milliseconds(1_600) }) { break }
            }
            #expect(late.allSatisfy { $0 < .milliseconds(1_600) }, "\(late)")
        }
    }
}

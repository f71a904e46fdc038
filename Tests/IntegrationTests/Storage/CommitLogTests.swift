import Domain
import IOCore
import Messaging
import Postgres
import Storage
import Support
import Synchronization
import Testing

@Suite(.realTime) struct CommitLogTests {
    @Test func `a message is committed once and answered the same again`() async throws {
        try await StorageFixture.run { _, stores in
            let users = try await stores.users(2)
            let chat = try await stores.group(of: users[0], with: [users[1]])
            let batch = BatchID.random()
            let operation = message("hello", to: chat, from: users[1])
            let first = try await stores.commit(operation, as: batch)
            guard case .committed(let allocation) = first else {
                Issue.record("\(first)")
                return
            }
            #expect(allocation.sequence == SequenceNumber(rawValue: 1))
            #expect(allocation.offset == Offset(rawValue: 2))
            let covered = try await stores.commit(operation)
            #expect(covered == .duplicate(allocation, pending: batch))
            try await stores.commitLog.drop([batch])
            let finished = try await stores.commit(operation)
            #expect(finished == .duplicate(allocation, pending: nil))
        }
    }

    @Test func `operations are refused with the words of the contract`() async throws {
        try await StorageFixture.run { _, stores in
            let users = try await stores.users(3)
            let chat = try await stores.group(of: users[0], with: [users[1]])
            let id = OperationID.random()
            _ = try await stores.commit(message("one", to: chat, from: users[0], id: id))
            let nowhere = ChatID(rawValue: 1 << 40)
            let missing = SequenceNumber(rawValue: 99)
            let cases: [(Operation, Failure.Code)] = [
                (message("another", to: chat, from: users[0], id: id), .idempotencyMismatch),
                (message("stranger", to: chat, from: users[2]), .chatNotFound),
                (message("nowhere", to: nowhere, from: users[0]), .chatNotFound),
                (message("reply", to: chat, from: users[0], replyTo: missing), .messageNotFound),
                (leave(users[0], of: chat), .lastOwner),
                (removal(of: users[0], from: chat, by: users[1]), .forbidden),
                (removal(of: users[2], from: chat, by: users[0]), .userNotFound),
            ]
            for (operation, code) in cases {
                let result = try await stores.commit(operation)
                guard case .refused(let failure) = result else {
                    Issue.record("\(result) instead of \(code)")
                    continue
                }
                #expect(failure.code == code)
            }
            // Whoever is refused learns nothing of whether the chat exists.
            let results = try await stores.commitLog.commit(
                .random(),
                [message("a", to: chat, from: users[2]), message("a", to: nowhere, from: users[2])],
                dropping: [],
                wait: false
            )
            #expect(results[0] == results[1])
        }
    }

    @Test func `a batch answers each operation in its order and drops what is finished`() async throws {
        try await StorageFixture.run { _, stores in
            let users = try await stores.users(2)
            let chat = try await stores.group(of: users[0])
            let other = try await stores.group(of: users[1])
            let first = try await stores.send("before", to: chat, from: users[0])
            let repeated = message("twice", to: chat, from: users[0])
            let results = try await stores.commitLog.commit(
                .random(),
                [
                    repeated, message("no", to: other, from: users[0]), message("b", to: other, from: users[1]),
                    repeated,
                ],
                dropping: [first.id],
                wait: false
            )
            guard results.count == 4, case .committed(let twice) = results[0], case .refused = results[1],
                case .committed = results[2], case .duplicate(let again, .some) = results[3]
            else {
                Issue.record("\(results)")
                return
            }
            #expect(twice == again)
            let depth = try await stores.commitLog.depth()
            #expect(depth.rows == 1)
        }
    }

    @Test func `a batch of another node waits in the redo until a recovery finishes it`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let before = try await fixture.storeTime()
            let lost = try await stores.send("lost by a crash", to: chat, from: user)
            let held = try await fixture.stretchLeases(givenSince: before)
            let leased = try await stores.commitLog.takeExpired(limit: 32)
            #expect(held == 1 && leased.isEmpty, "a lease protects a live node's batch")
            try await fixture.expireLeases()
            let batches = try await stores.commitLog.takeExpired(limit: 32)
            #expect(batches.map(\.id) == [lost.id])
            #expect(batches.first?.attempts == 1)
            #expect(batches.first?.operations.first?.operation.body == lost.operations[0].operation.body)
            #expect(batches.first?.operations.first?.allocation == lost.operations[0].allocation)
            try await fixture.expireLeases()

            let sink = RecordingSink()
            let broker = stores.broker(to: [LoopBound(sink, loop: fixture.loop)])
            let recovery = RedoRecovery(
                loop: fixture.loop,
                log: stores.commitLog,
                bodies: stores.bodies,
                broker: broker,
                registry: fixture.registry,
                logger: fixture.logger
            )
            let finished = try await recovery.pass()
            #expect(finished == 1)
            let depth = try await stores.commitLog.depth()
            #expect(depth.rows == 0)
            let bodies = try await stores.bodies.messages(of: chat, in: .first(1))
            #expect(bodies.map(\.content) == ["lost by a crash"])
            try await stores.commitLog.maintain()
            try await eventually("it is announced") { sink.announcements.count == 1 }
            #expect(sink.announcements.first?.offset == Offset(rawValue: 2))
        }
    }

    @Test func `a redo row that cannot be read does not keep others from being finished`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let bad = try await stores.send("bad", to: chat, from: user)
            let good = try await stores.send("good", to: chat, from: user)
            let id = bad.id.description
            try await fixture.sql { client in
                _ = try await client.execute(
                    "UPDATE write_redo SET op_payloads = ARRAY['{'::bytea] WHERE batch_id = \(id)::uuid"
                )
            }
            try await fixture.expireLeases()
            let taken = try await stores.commitLog.takeExpired(limit: 32)
            #expect(taken.map(\.id) == [good.id])
            let depth = try await stores.commitLog.depth()
            #expect(depth.rows == 2, "what cannot be read is kept")
        }
    }

    @Test func `batches that were tried in vain many times come after all others`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let stuck = try await stores.send("stuck", to: chat, from: user)
            let fresh = try await stores.send("fresh", to: chat, from: user)
            let id = stuck.id.description
            try await fixture.sql { client in
                _ = try await client.execute("UPDATE write_redo SET attempts = 21 WHERE batch_id = \(id)::uuid")
            }
            try await fixture.expireLeases()
            let before = try await fixture.storeTime()
            let first = try await stores.commitLog.takeExpired(limit: 1)
            let held = try await fixture.stretchLeases(givenSince: before)
            #expect(held == 1)
            let then = try await stores.commitLog.takeExpired(limit: 1)
            #expect(first.map(\.id) == [fresh.id] && then.map(\.id) == [stuck.id])
        }
    }

    @Test func `renewing keeps a batch from recoveries`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let slow = try await stores.send("slow", to: chat, from: user)
            try await fixture.expireLeases()
            let before = try await fixture.storeTime()
            try await stores.commitLog.renew([slow.id])
            let held = try await fixture.stretchLeases(givenSince: before)
            let taken = try await stores.commitLog.takeExpired(limit: 32)
            #expect(held == 1 && taken.isEmpty)
        }
    }

    @Test func `two founders of one direct chat get the same one`() async throws {
        try await StorageFixture.run { fixture, stores in
            let users = try await stores.users(2)
            try await StorageFixture.runNode(besides: fixture) { _, other in
                for _ in 0..<5 {
                    let id = try await other.commitLog.nextChatID()
                    #expect(id.rawValue > 0)
                }
            }
            let ids = [try await stores.commitLog.nextChatID(), try await stores.commitLog.nextChatID()]
            let box = LoopBound(stores, loop: fixture.loop)
            let loop = fixture.loop
            // Two writers of the client, hence two connections.
            let results = try await withThrowingTaskGroup(of: CommitResult.self) { group in
                for index in 0..<2 {
                    group.addTask(executorPreference: loop) {
                        try await loop.actor.run { _ in
                            let draft = ChatDraft(type: .direct, participants: [users[1 - index]])
                            return try await box.value.commit(
                                OperationCodec.operation(
                                    chat: ids[index],
                                    actor: users[index],
                                    id: .random(),
                                    body: .createChat(draft)
                                )
                            )
                        }
                    }
                }
                return try await group.reduce(into: [CommitResult]()) { $0.append($1) }
            }
            let chat = try await stores.chats.directChat(of: users[1], and: users[0])
            let made = try #require(chat)
            #expect(ids.contains(made))
            #expect(results.contains(.existingChat(made)))
            #expect(results.contains { if case .committed = $0 { true } else { false } })
        }
    }

    @Test func `a locked chat is busy until somebody waits for it`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let result = try await fixture.sql { client in
                try await client.transaction { session in
                    try await session.execute("SELECT FROM chats WHERE id = \(chat.rawValue) FOR NO KEY UPDATE")
                    return try await fixture.loop.actor.run { _ in
                        try await fixture.stores.value.commitLog.commit(
                            .random(),
                            [message("hot", to: chat, from: user)],
                            dropping: [],
                            wait: false
                        )
                    }
                }
            }
            #expect(result == [.busy])
            let waited = try await stores.commit(message("hot", to: chat, from: user))
            guard case .committed = waited else {
                Issue.record("\(waited)")
                return
            }
        }
    }

    @Test func `chats that stay locked cost a batch one wait, and only their own operations`() async throws {
        // The longer, the less a pause of the machine looks like another wait.
        try await StorageFixture.run(configure: { $0.postgres.lockTimeout = .seconds(4) }) { fixture, stores in
            let user = try await stores.users(1)[0]
            var chats: [ChatID] = []
            for _ in 0..<5 { chats.append(try await stores.group(of: user)) }
            let operations = chats.map { message("hot", to: $0, from: user) }
            let locked = [chats[0], chats[2], chats[3]].map(\.rawValue)
            let (results, time) = try await fixture.sql { client in
                try await client.transaction { session in
                    try await session.execute("SELECT FROM chats WHERE id = ANY (\(locked)) FOR NO KEY UPDATE")
                    return try await fixture.loop.actor.run { _ in
                        let start = ContinuousClock.now
                        let log = fixture.stores.value.commitLog
                        let results = try await log.commit(.random(), operations, dropping: [], wait: true)
                        return (results, ContinuousClock.now - start)
                    }
                }
            }
            #expect([0, 2, 3].allSatisfy { results[$0] == .busy }, "\(results)")
            for index in [1, 4] {
                guard case .committed = results[index] else {
                    Issue.record("\(results[index])")
                    continue
                }
            }
            #expect(time < .milliseconds(11_500), "one lock timeout, not three: \(time)")
        }
    }

    private func leave(_ user: UserID, of chat: ChatID) -> Operation { removal(of: user, from: chat, by: user) }
}

func removal(of user: UserID, from chat: ChatID, by actor: UserID) -> Operation {
    OperationCodec.operation(chat: chat, actor: actor, id: .random(), body: .removeParticipant(user))
}

/// Keeps what it is told.
final class RecordingSink: AnnouncementSink {
    private(set) var announcements: [Announcement] = []
    private(set) var ephemeral: [EphemeralEvent] = []
    private(set) var restorations = 0

    func receive(_ announcements: [Announcement]) { self.announcements += announcements }
    func receive(_ events: [EphemeralEvent]) { ephemeral += events }
    func connectionRestored() { restorations += 1 }
}

extension ClosedRange<SequenceNumber> {
    /// The first messages of a chat.
    static func first(_ count: Int64) -> ClosedRange {
        SequenceNumber(rawValue: 1)...SequenceNumber(rawValue: count)
    }
}

extension StorageFixture {
    /// Makes every lease run out, as time would.
    func expireLeases() async throws {
        try await sql { client in
            _ = try await client.execute("UPDATE write_redo SET lease_until = now() - interval '1 second'")
        }
    }

    /// What Postgres' clock shows.
    func storeTime() async throws -> String {
        try await sql { client in try await client.query("SELECT clock_timestamp()::text")[0].decode(0) }
    }

    /// Makes the leases that were given since a time by Postgres' clock outlast any pause of the machine, and says how many
    /// there were; one that is shorter than two seconds is none.
    func stretchLeases(givenSince time: String) async throws -> Int {
        try await sql { client in
            try await client.execute(
                """
                UPDATE write_redo SET lease_until = lease_until + interval '1 hour'
                WHERE lease_until >= \(time)::timestamptz + interval '2 seconds' RETURNING 1
                """
            ).count
        }
    }
}

import Domain
import IOCore
import Messaging
import Postgres
import Storage
import Support
import Testing

/// What only a database does: locks, its clock, and how it stores rows.
@Suite(.realTime) struct CommitChangesTests {
    @Test func `writers at once to one chat are one after the other`() async throws {
        try await StorageFixture.run { fixture, stores in
            let users = try await stores.users(4)
            let chat = try await stores.group(of: users[0], with: Array(users.dropFirst()))
            _ = try await stores.send("root", to: chat, from: users[0])
            let loop = fixture.loop
            let box = LoopBound(stores, loop: loop)
            // Two writers of the client, hence two connections.
            let results = try await withThrowingTaskGroup(of: [CommitResult].self) { group in
                for user in users {
                    group.addTask(executorPreference: loop) {
                        try await loop.actor.run { _ in
                            var results: [CommitResult] = []
                            for number in 0..<10 {
                                let body = Self.body(number)
                                let batch = [
                                    Self.operation(chat, user, body), message("\(number)", to: chat, from: user),
                                ]
                                let log = box.value.commitLog
                                results += try await log.commit(.random(), batch, dropping: [], wait: true)
                            }
                            return results
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let offsets = results.compactMap(Self.allocation).map(\.offset.rawValue)
            #expect(offsets.sorted() == (3...82).map { $0 })
            let root = try await stores.history.metadata(of: chat, sequences: [SequenceNumber(rawValue: 1)])
            #expect(root.first?.replyCount == 20)
        }
    }

    @Test func `what was deleted a day ago by the database's clock is not restored`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            for _ in 0..<2 { try await stores.finish(try await stores.send("x", to: chat, from: user)) }
            for (sequence, hours) in [(1, 23), (2, 25)] as [(Int64, Int32)] {
                let image = Self.image(chat, sequence, revision: sequence + 1)
                let deleted = try await stores.commit(Self.operation(chat, user, .deleteMessage(image)))
                let revision = try #require(Self.allocation(deleted)).offset.rawValue
                try await fixture.sql { client in
                    _ = try await client.execute(
                        """
                        UPDATE message_metadata SET deleted_at = deleted_at - make_interval(hours => \(hours))
                        WHERE chat_id = \(chat.rawValue) AND seq = \(sequence)
                        """
                    )
                }
                let old = Self.image(chat, sequence, revision: revision)
                let restored = try await stores.commit(Self.operation(chat, user, .restoreMessage(old)))
                if hours < 24 {
                    #expect(Self.allocation(restored) != nil)
                } else {
                    guard case .refused(let failure) = restored else {
                        Issue.record("\(restored)")
                        return
                    }
                    #expect(failure.code == .conflict)
                }
            }
        }
    }

    @Test func `whoever waits for an event takes the batch that covers it, once a quarter of a second`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let first = try await stores.send("1", to: chat, from: user)
            _ = try await stores.send("2", to: chat, from: user)
            let second = Offset(rawValue: 2)
            try await fixture.sql { client in
                _ = try await client.execute(
                    "UPDATE write_redo SET created_at = created_at - interval '1 s', lease_until = lease_until - interval '1 s'"
                )
            }
            let before = try await fixture.storeTime()
            let taken = try await stores.commitLog.takeCovering(chat, through: second)
            #expect(taken.map(\.id) == [first.id] && taken.first?.attempts == 1)
            // Within a quarter of a second, however long that takes here.
            let held = try await fixture.stretchLeases(givenSince: before)
            let again = try await stores.commitLog.takeCovering(chat, through: second)
            #expect(held == 1 && again.isEmpty, "it has just been taken")
            try await fixture.expireLeases()
            let both = try await stores.commitLog.takeCovering(chat, through: Offset(rawValue: 3))
            #expect(both.count == 2)
        }
    }

    @Test func `what is quarantined is tried at growing intervals, and does no harm to admission`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let bad = try await stores.send("bad", to: chat, from: user)
            try await stores.commitLog.quarantine([chat], of: bad.id, reason: "too large")
            var leases: [(left: Int64, elapsed: Int64)] = []
            for _ in 0..<6 {
                try await fixture.expireLeases()
                let begin = ContinuousClock.now
                let taken = try await stores.commitLog.takeExpired(limit: 32)
                #expect(taken.count == 1 && taken.first?.id != bad.id, "its batch may be dropped by whoever holds that")
                let left = try await fixture.sql { client in
                    try await client.query(
                        "SELECT round(extract(epoch FROM lease_until - now()))::bigint FROM write_redo"
                    )[0].decode(0, as: Int64.self)
                }
                leases.append((left, (ContinuousClock.now - begin).components.seconds + 1))
            }
            // Looked at a little later than they were given.
            for (lease, given) in zip(leases, [6, 12, 24, 48, 60, 60] as [Int64]) {
                #expect((given - lease.elapsed...given).contains(lease.left), "\(leases)")
            }
            let covering = try await stores.commitLog.takeCovering(chat, through: Offset(rawValue: 9))
            #expect(covering.isEmpty, "it is left to its lease")
            let depth = try await stores.commitLog.depth()
            #expect(depth == RedoDepth(quarantinedChats: 1))
        }
    }

    @Test func `of a message with more emojis than may be since, events tell the first hundred`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            try await stores.finish(try await stores.send("popular", to: chat, from: user))
            // As they were put on before there was a limit.
            try await fixture.sql { client in
                _ = try await client.execute(
                    """
                    INSERT INTO chat_events (chat_id, "offset", actor_id, op_id, at, target_seq, kind, body_hash, data)
                    SELECT \(chat.rawValue), 2 + n, \(user.rawValue), gen_random_uuid(), date_trunc('milliseconds', now()),
                           1, 10, sha256('x'), jsonb_build_object('emoji', 'e' || n)
                    FROM generate_series(1, 110) n
                    """
                )
                _ = try await client.execute("UPDATE chats SET last_offset = 112 WHERE id = \(chat.rawValue)")
            }
            let edit = Operation.Body.editMessage(MessageEdit(content: "new"), of: Self.image(chat, 1, revision: 2))
            let edited = try await stores.commit(Self.operation(chat, user, edit))
            guard case .message(_, _, let told)? = Self.allocation(edited)?.facts else {
                Issue.record("\(edited)")
                return
            }
            #expect(told.map(\.emoji) == (1...100).map { "e\($0)" })
            let new = try await stores.commit(Self.operation(chat, user, Self.body(1)))
            guard case .refused(let failure) = new else {
                Issue.record("\(new)")
                return
            }
            #expect(failure.code == .limitExceeded)
        }
    }

    @Test func `what every write changes stays within its page`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            try await stores.finish(try await stores.send("root", to: chat, from: user))
            for number in 0..<20 { _ = try await stores.commit(Self.operation(chat, user, Self.body(number))) }
            let indexed: [String] = try await fixture.sql { client in
                try await client.query(
                    """
                    SELECT DISTINCT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
                    WHERE i.indrelid = 'message_metadata'::regclass AND a.attname IN
                        ('rev', 'edited_at', 'reply_count', 'last_reply_seq', 'last_reply_at')
                      AND pg_get_indexdef(i.indexrelid) ~ ('\\m' || a.attname || '\\M')
                    """
                ).map { row in try row.decode(0, as: String.self) }
            }
            #expect(indexed.isEmpty)
            try await eventually("the statistics arrive") {
                let rows = try await fixture.sql { client in
                    try await client.query(
                        """
                        SELECT sum(n_tup_upd)::bigint, sum(n_tup_hot_upd)::bigint FROM pg_stat_user_tables
                        WHERE relname IN ('chats', 'message_metadata')
                        """
                    ).map { row in (try row.decode(0, as: Int64.self), try row.decode(1, as: Int64.self)) }
                }
                return rows[0].0 >= 30 && rows[0].0 == rows[0].1
            }
        }
    }

    /// A reply to message 1 or a reaction to it.
    private static func body(_ number: Int) -> Operation.Body {
        let root = SequenceNumber(rawValue: 1)
        if number.isMultiple(of: 2) { return .createMessage(MessageDraft(content: "reply", threadRoot: root)) }
        return .react(root, emoji: "\(number)", isOn: true)
    }

    private static func operation(_ chat: ChatID, _ user: UserID, _ body: Operation.Body) -> Operation {
        OperationCodec.operation(chat: chat, actor: user, id: .random(), body: body)
    }

    private static func allocation(_ result: CommitResult) -> Allocation? {
        if case .committed(let allocation) = result { allocation } else { nil }
    }

    private static func image(_ chat: ChatID, _ sequence: Int64, revision: Int64) -> MessageImage {
        MessageImage(
            id: MessageID(chat: chat, sequence: SequenceNumber(rawValue: sequence)),
            revision: Offset(rawValue: revision),
            createdOffset: Offset(rawValue: sequence + 1),
            sender: UserID(rawValue: 1),
            type: .text,
            content: "x",
            createdAt: Timestamp(milliseconds: 0),
            clientMessageID: nil,
            operation: .random()
        )
    }
}

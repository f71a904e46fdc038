import Domain
import IOCore
import Messaging
import Postgres
import Storage
import Support
import Testing

@Suite(.realTime) struct HistoryTests {
    @Test func `a committed message is read from the redo while MongoDB lacks it`() async throws {
        try await StorageFixture.run { _, stores in
            let users = try await stores.users(2)
            let chat = try await stores.group(of: users[0], with: [users[1]])
            try await stores.finish(stores.send("in both", to: chat, from: users[0]))
            let pending = try await stores.send("in the redo", to: chat, from: users[1])
            let reader = HistoryReader(history: stores.history, bodies: stores.bodies)
            let page = try await reader.page(of: chat, for: users[0], window: .newest, limit: 50)
            #expect(page.messages.map(\.content) == ["in both", "in the redo"])
            #expect(page.messages.map(\.offset.rawValue) == [2, 3])
            #expect(page.snapshot.lastOffset == Offset(rawValue: 3))
            #expect(page.snapshot.redo == pending.operations.map(withoutHash))
            try await stores.finish(pending)
            let settled = try await reader.page(of: chat, for: users[0], window: .newest, limit: 50)
            #expect(settled.messages == page.messages)
            #expect(settled.snapshot.redo.isEmpty)
        }
    }

    @Test func `windows cut the history where they say`() async throws {
        try await StorageFixture.run { _, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let empty = try await stores.history.snapshot(of: chat, for: user, window: .newest, limit: 3)
            #expect(empty?.rows == [])
            for number in 1...7 { try await stores.finish(stores.send("\(number)", to: chat, from: user)) }
            let four = SequenceNumber(rawValue: 4)
            let cases: [(HistoryWindow, [Int64])] = [
                (.newest, [5, 6, 7]), (.before(four), [1, 2, 3]), (.after(four), [5, 6, 7]),
                (.around(four), [3, 4, 5]), (.firstUnread, [5, 6, 7]),
            ]
            for (window, expected) in cases {
                let snapshot = try await stores.history.snapshot(of: chat, for: user, window: window, limit: 3)
                #expect(snapshot?.rows.map(\.sequence.rawValue) == expected, "\(window)")
            }
            let facts = try await stores.history.metadata(of: chat, sequences: [four])
            let page = try await stores.history.snapshot(of: chat, for: user, window: .around(four), limit: 3)
            #expect(facts == page.map { [$0.rows[1]] })
        }
    }

    @Test func `a page is planned once, not each time it is read`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            let plans: Int64 = try await fixture.sql { client in
                try await client.withSession { session in
                    try await session.run(
                        script: """
                            PREPARE page(bigint, bigint, text, bigint, integer) AS
                            SELECT * FROM duologue_read_page($1, $2, $3, $4, $5)
                            """
                    )
                    for _ in 0..<8 {
                        try await session.run(
                            script: "EXECUTE page(\(user.rawValue), \(chat.rawValue), 'newest', 0, 50)"
                        )
                    }
                    return try await session.execute(
                        "SELECT generic_plans FROM pg_prepared_statements WHERE name = 'page'"
                    )[0].decode(0)
                }
            }
            // Postgres tries five plans of the moment before it compares them with the general one.
            #expect(plans == 3)
        }
    }

    @Test func `a stranger sees nothing`() async throws {
        try await StorageFixture.run { _, stores in
            let users = try await stores.users(2)
            let chat = try await stores.group(of: users[0])
            let snapshot = try await stores.history.snapshot(of: chat, for: users[1], window: .newest, limit: 3)
            #expect(snapshot == nil)
            let seen = try await stores.chats.chat(chat, for: users[1])
            #expect(seen == nil)
            let members = try await stores.chats.participants(of: chat, for: users[1], limit: 10, cursor: nil)
            #expect(members == nil)
        }
    }

    @Test func `logged events announce the same as their first announcement did`() async throws {
        try await StorageFixture.run { _, stores in
            let users = try await stores.users(3)
            let chat = try await stores.commitLog.nextChatID()
            let draft = ChatDraft(
                type: .group,
                visibility: .public,
                name: "Name",
                description: "About \"it\"",
                participants: [users[1], users[2]]
            )
            let operations = [
                OperationCodec.operation(chat: chat, actor: users[0], id: .random(), body: .createChat(draft)),
                message("hello", to: chat, from: users[1]),
                removal(of: users[1], from: chat, by: users[1]),
            ]
            var announced: [Announcement] = []
            for operation in operations {
                let batch = BatchID.random()
                guard case .committed(let allocation) = try await stores.commit(operation, as: batch) else {
                    throw StorageFixture.SetUpFailure()
                }
                let committed = CommittedOperation(operation: operation, allocation: allocation)
                announced.append(PostImages.announcement(of: committed))
                try await stores.finish(RedoBatch(id: batch, operations: [committed]))
            }
            let reader = HistoryReader(history: stores.history, bodies: stores.bodies)
            let events = try await reader.announcements(of: chat, after: .zero, limit: 100)
            #expect(events == announced)
        }
    }

    @Test func `nothing is announced that a redo still covers`() async throws {
        try await StorageFixture.run { _, stores in
            let users = try await stores.users(2)
            let chat = try await stores.group(of: users[0], with: [users[1]])
            try await stores.finish(stores.send("one", to: chat, from: users[0]))
            let pending = try await stores.send("two", to: chat, from: users[0])
            let events = try await stores.history.announcedEvents(of: chat, after: .zero, limit: 100)
            #expect(events.map(\.offset.rawValue) == [1, 2])
            let heads = try await stores.chats.heads(of: users[1], only: nil)
            let expected = ChatHead(
                chat: chat,
                lastSequence: SequenceNumber(rawValue: 1),
                lastOffset: Offset(rawValue: 2),
                readSequence: SequenceNumber(rawValue: 0),
                unread: 1,
                joinedOffset: Offset(rawValue: 1),
                committedOffset: Offset(rawValue: 3)
            )
            #expect(heads == [expected])
            try await stores.finish(pending)
            let offsets = try await stores.chats.announcedOffsets(of: [chat, ChatID(rawValue: 1 << 40)])
            #expect(offsets == [chat: Offset(rawValue: 3)])
            let own = try await stores.chats.chat(chat, for: users[0])
            #expect(own?.my?.unread == 0, "one's own messages are not unread")
            let others = try await stores.chats.chat(chat, for: users[1])
            #expect(others?.my?.unread == 2)
        }
    }

    private func withoutHash(_ committed: CommittedOperation) -> CommittedOperation {
        var committed = committed
        committed.operation.hash = []
        return committed
    }
}

import Domain
import JSON
import Messaging
import Storage
import Support
import Testing

/// The list of chats in as many reads of the stores as it takes, however long it is.
@Suite(.realTime) struct ChatListTests {
    @Test func `a page of 100 chats asks the stores as often as a page of one`() async throws {
        try await StorageFixture.run { fixture, stores in
            let scene = try await Scene(fixture, stores, chats: 120)
            for limit in [1, 10, 100] {
                let before = fixture.calls
                let page = try await scene.service.list(for: scene.user, limit: limit, cursor: nil)
                let after = fixture.calls
                let asked = after.keys.filter { before[$0] != after[$0] }.sorted()
                #expect(page.items.count == limit)
                let times = after.values.reduce(0, +) - before.values.reduce(0, +)
                #expect(times == 4, "\(limit) chats: \(asked)")
                #expect(page.items.allSatisfy { $0.chat.lastMessage?.content == "to \($0.chat.id)" })
                #expect(page.items.allSatisfy { $0.chat.my?.unread == 2 })
            }
            let before = fixture.calls.values.reduce(0, +)
            _ = try await stores.reads.unread(of: scene.user, limit: 100, cursor: nil)
            #expect(fixture.calls.values.reduce(0, +) - before == 1)
        }
    }

    /// Prints what it takes, which is no test: that depends on the machine.
    @Test func `a user of 1000 chats gets each list by the reads it takes for few`() async throws {
        try await StorageFixture.run { fixture, stores in
            let scene = try await Scene(fixture, stores, chats: 1_000)
            var figures: [String] = []
            func measure(_ what: String, reads: Int, _ body: () async throws -> Void) async throws {
                var times: [Duration] = []
                let before = fixture.calls.values.reduce(0, +)
                for _ in 0..<20 {
                    let start = ContinuousClock.now
                    try await body()
                    times.append(.now - start)
                }
                times.sort()
                figures.append("\(what): median \(times[10]), worst \(times[19])")
                #expect(fixture.calls.values.reduce(0, +) - before == 20 * reads, "\(what)")
            }
            for limit in [50, 100] {
                try await measure("\(limit) of 1000 chats", reads: 4) {
                    _ = try await scene.service.list(for: scene.user, limit: limit, cursor: nil)
                }
            }
            try await measure("unread counts of 1000 chats", reads: 1) {
                _ = try await stores.reads.unread(of: scene.user, limit: 100, cursor: nil)
            }
            try await measure("ready of 1000 chats", reads: 1) {
                _ = try await stores.chats.heads(of: scene.user, only: nil)
            }
            for figure in figures { print("chat list: \(figure)") }
        }
    }

    /// A user in many chats, each with two messages of somebody else.
    private struct Scene {
        let user: UserID
        let service: ChatService

        init(_ fixture: StorageFixture, _ stores: LoopStores, chats count: Int) async throws {
            let users = try await stores.users(2)
            user = users[0]
            var chats: [ChatID] = []
            for _ in 0..<count { chats.append(try await stores.commitLog.nextChatID()) }
            try await Self.commit(chats, stores) { chat in
                let draft = ChatDraft(type: .group, name: "Group \(chat)", participants: [users[0]])
                return OperationCodec.operation(chat: chat, actor: users[1], id: .random(), body: .createChat(draft))
            }
            for text in ["first", "to"] {
                try await Self.commit(chats, stores) { message("\(text) \($0)", to: $0, from: users[1]) }
            }
            service = ChatService(
                gate: fixture.gate(stores),
                log: stores.commitLog,
                directory: stores.chats,
                accounts: stores.accounts,
                reader: HistoryReader(history: stores.history, bodies: stores.bodies)
            )
        }

        private static func commit(
            _ chats: [ChatID],
            _ stores: LoopStores,
            _ operation: (ChatID) -> Operation
        ) async throws {
            for start in stride(from: 0, to: chats.count, by: 100) {
                let operations = chats[start..<min(start + 100, chats.count)].map(operation)
                let batch = BatchID.random()
                let results = try await stores.commitLog.commit(batch, operations, dropping: [], wait: true)
                let committed = zip(operations, results).compactMap { operation, result -> CommittedOperation? in
                    guard case .committed(let allocation) = result else { return nil }
                    return CommittedOperation(operation: operation, allocation: allocation)
                }
                guard committed.count == operations.count else { throw StorageFixture.SetUpFailure() }
                try await stores.finish(RedoBatch(id: batch, operations: committed))
            }
        }
    }
}

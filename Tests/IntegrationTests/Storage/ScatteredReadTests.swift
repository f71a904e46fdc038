import Domain
import Messaging
import Storage
import Support
import Testing

/// Messages that are far apart in as many reads of the stores as it takes, however many there are.
@Suite(.realTime) struct ScatteredReadTests {
    @Test func `a page of 100 messages with others between them asks the stores as often as a page of one`()
        async throws
    {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            let chat = try await stores.group(of: user)
            // Every second message is a reply in the first one's thread, and then edited.
            let root = SequenceNumber(rawValue: 1)
            func said(_ number: Int) -> Operation {
                let draft = MessageDraft(content: "\(number)", threadRoot: number % 2 == 0 ? root : nil)
                return OperationCodec.operation(chat: chat, actor: user, id: .random(), body: .createMessage(draft))
            }
            try await Self.commit([said(1)], stores)
            for numbers in [2...100, 101...200] { try await Self.commit(numbers.map(said), stores) }
            let images = try await stores.bodies.messages(of: chat, in: root...SequenceNumber(rawValue: 200))
            let edits = images.filter { $0.threadRoot != nil }.map { image in
                let body = Operation.Body.editMessage(MessageEdit(content: "new"), of: image)
                return OperationCodec.operation(chat: chat, actor: user, id: .random(), body: body)
            }
            try await Self.commit(edits, stores)
            let reader = HistoryReader(history: stores.history, bodies: stores.bodies)
            let service = MessageService(gate: fixture.gate(stores), reader: reader)
            let even = (1...100).map { SequenceNumber(rawValue: Int64(2 * $0)) }
            for limit in [1, 100] {
                let start = Self.calls(fixture)
                let events = try await reader.events(
                    of: chat,
                    for: user,
                    after: Offset(rawValue: 201),
                    limit: limit
                )
                let told = Self.calls(fixture)
                #expect(events.count == limit && events.allSatisfy { $0.kind == .messageUpdated })
                // The events, the messages, their bodies and reactions.
                #expect(told - start == 4, "\(limit) events")
                let replies = try await service.replies(
                    to: MessageID(chat: chat, sequence: root),
                    for: user,
                    window: .newest,
                    limit: limit
                )
                #expect(replies.messages.map(\.id.sequence) == even.suffix(limit))
                #expect(replies.messages.allSatisfy { $0.content == "new" })
                // The root, the numbers, the messages; of root and messages the bodies and reactions.
                #expect(Self.calls(fixture) - told == 7, "\(limit) replies")
            }
        }
    }

    private static func calls(_ fixture: StorageFixture) -> Int { fixture.calls.values.reduce(0, +) }

    private static func commit(_ operations: [Operation], _ stores: LoopStores) async throws {
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

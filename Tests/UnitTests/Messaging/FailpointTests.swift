import Domain
import IOCore
import Support
import Testing

@testable import Messaging

@Suite struct FailpointTests {
    private static func failpoints(_ text: String) throws -> Failpoints {
        try Failpoints(text, logger: Logger(label: "test", level: .error))
    }

    /// The first passages at which a rule acts.
    private static func passages(_ text: String, of point: Failpoint = .commitAfter, among count: Int) throws -> [Int] {
        let failpoints = try failpoints(text)
        return (1...count).filter { _ in failpoints.due(point) != nil }
    }

    @Test func `a rule acts at the passages it names and at no others`() throws {
        #expect(try Self.passages("commit.after=error", among: 3) == [1, 2, 3])
        #expect(try Self.passages("commit.after=error@2", among: 5) == [2])
        #expect(try Self.passages("commit.after=error@2-3", among: 5) == [2, 3])
        #expect(try Self.passages("commit.after=kill@4-", among: 6) == [4, 5, 6])
        #expect(try Self.passages("commit.after=error@1,commit.after=stop@3", among: 5) == [1, 3])
        #expect(try Self.passages("apply.after=error", among: 3).isEmpty)
    }

    @Test func `a probability is drawn from the seed: the same one gives the same passages`() throws {
        let first = try Self.passages("commit.after=error%30,seed=7", among: 1_000)
        #expect(try Self.passages("seed=7,commit.after=error%30", among: 1_000) == first)
        #expect(try Self.passages("commit.after=error%30,seed=8", among: 1_000) != first)
        #expect((200...400).contains(first.count))
    }

    @Test(arguments: [
        "commit", "commit.after", "commit.after=", "commit.after=die", "commit.after=kill@", "commit.after=kill@0",
        "commit.after=kill@5-3", "commit.after=kill%0", "commit.after=kill%101", "commit.after=delay:5",
        "commit.after=delay:-5ms", "commit.after=kill@+1", "seed=x", "nothing=kill",
    ])
    func `a rule that cannot be read is refused and named`(text: String) {
        #expect(throws: Failpoints.Invalid.self) { try Self.failpoints(text) }
    }

    @Test func `a step that fails after its work has done it, and one that fails before has not`() async throws {
        try await onLoop { actor in
            let stores = MemoryStores()
            let failpoints = try Self.failpoints("commit.before=error@1,commit.after=error@1")
            let log = FailingCommitLog(stores.log, failpoints, for: .lane, loop: actor.loop)
            let founding = OperationCodec.operation(
                chat: try await log.nextChatID(),
                actor: try await stores.ports.someone().id,
                id: .random(),
                body: .createChat(ChatDraft(type: .group, name: "room", participants: []))
            )
            await #expect(throws: StoreError.self) {
                try await log.commit(.random(), [founding], dropping: [], wait: false)
            }
            #expect(try await log.depth().rows == 0)
            await #expect(throws: StoreError.self) {
                try await log.commit(.random(), [founding], dropping: [], wait: false)
            }
            #expect(try await log.depth().rows == 1)
            _ = try await log.commit(.random(), [founding], dropping: [], wait: false)
            #expect(try await log.depth().rows == 1, "it found what the second run did")
        }
    }

    @Test func `a partial apply leaves the first half of the documents`() async throws {
        try await onLoop { actor in
            let store = MemoryBodyStore()
            let failpoints = try Self.failpoints("apply.partial=error@1")
            let bodies = FailingBodyStore(store, failpoints, for: .lane, loop: actor.loop)
            let images = (1...4).map { Self.image(Int64($0)) }
            await #expect(throws: StoreError.self) { try await bodies.apply(images) }
            let range = SequenceNumber(rawValue: 1)...SequenceNumber(rawValue: 4)
            let chat = ChatID(rawValue: 1)
            #expect(try await store.messages(of: chat, in: range).map(\.id.sequence.rawValue) == [1, 2])
            try await bodies.apply(images)
            #expect(try await store.messages(of: chat, in: range).count == 4)
        }
    }

    private static func image(_ sequence: Int64) -> PostImage {
        .message(
            MessageImage(
                id: MessageID(chat: ChatID(rawValue: 1), sequence: SequenceNumber(rawValue: sequence)),
                revision: Offset(rawValue: sequence),
                createdOffset: Offset(rawValue: sequence),
                sender: UserID(rawValue: 1),
                type: .text,
                content: "text",
                createdAt: Timestamp(milliseconds: 1),
                clientMessageID: nil,
                operation: .random()
            )
        )
    }
}

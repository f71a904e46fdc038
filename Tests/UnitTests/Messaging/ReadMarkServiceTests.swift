import Domain
import IOCore
import Messaging
import Support
import Testing

@Suite struct ReadMarkServiceTests {
    /// A chat in memory, and the receipts that were published.
    private final class Scene {
        let stores = MemoryStores()
        let loop: EventLoop
        private(set) var receipts: [EphemeralEvent] = []
        private(set) var updates: [EphemeralEvent] = []
        private(set) var users: [UserID] = []
        private(set) var chat = ChatID(rawValue: 0)
        private(set) lazy var memberships = MembershipService(store: stores.memberships) { [unowned self] in
            updates.append($0)
        }
        private(set) lazy var service = ReadMarkService(loop: loop, store: stores.reads, memberships: memberships) {
            [unowned self] in receipts.append($0)
        }

        init(_ loop: EventLoop, members: Int) async throws {
            self.loop = loop
            let people = try await people(members)
            users = people.map(\.id)
            chat = try await stores.log.nextChatID()
            let others = users.dropFirst()
            let draft = ChatDraft(type: .group, name: "room", participants: Array(others))
            try await commit(.createChat(draft))
            for _ in 0..<20 { try await commit(.createMessage(MessageDraft(content: "hello"))) }
        }

        private func people(_ count: Int) async throws -> [User] {
            var people: [User] = []
            for _ in 0..<count { people.append(try await stores.ports.someone()) }
            return people
        }

        private func commit(_ body: Operation.Body) async throws {
            let operation = OperationCodec.operation(chat: chat, actor: users[0], id: .random(), body: body)
            _ = try await stores.log.commit(.random(), [operation], dropping: [], wait: true)
        }

        func read(_ sequence: Int64, by user: Int = 1) async -> Result<ReadProgress, Failure> {
            let mark = ReadMark(chat: chat, user: users[user], sequence: SequenceNumber(rawValue: sequence))
            do {
                return .success(try await service.read(mark))
            } catch {
                return .failure(error as? Failure ?? Failure(.internal, "\(error)"))
            }
        }

        /// Reads at once; the answers in order.
        func read(all sequences: [Int64]) async -> [Result<ReadProgress, Failure>] {
            let bound = LoopBound(self, loop: loop)
            return await withTaskGroup(of: (Int, Result<ReadProgress, Failure>).self) { [loop] group in
                for (index, sequence) in sequences.enumerated() {
                    group.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in (index, await bound.value.read(sequence)) }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }.sorted { $0.key < $1.key }.map(\.value)
            }
        }
    }

    private static func run(members: Int = 2, _ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
        try await onLoop { actor in try await body(Scene(actor.loop, members: members)) }
    }

    @Test func `marks that come together go to the store together, each with an answer of its own`() async throws {
        try await Self.run { scene in
            let answers = await scene.read(all: [3, 1, 21, 7, 5, 9])
            let codes = answers.map { answer -> Failure.Code? in
                if case .failure(let failure) = answer { failure.code } else { nil }
            }
            #expect(codes == [nil, nil, .invalidValue, nil, nil, nil])
            let reads = answers.map { (try? $0.get())?.readSequence.rawValue }
            #expect(reads == [3, 9, nil, 9, 9, 9])
            #expect(scene.stores.reads.calls.map(\.count) == [1, 5])
            #expect(scene.receipts.count == 2, "one for each call, however many marks moved")
        }
    }

    @Test func `a mark that does not move tells nobody`() async throws {
        try await Self.run { scene in
            _ = await scene.read(4)
            _ = await scene.read(4)
            _ = await scene.read(2)
            #expect(scene.receipts.count == 1)
            #expect(scene.receipts[0].scope == .chat(scene.chat) && scene.receipts[0].excluded == nil)
            let text = String(decoding: scene.receipts[0].payload, as: UTF8.self)
            let (chat, user) = (scene.chat, scene.users[1])
            #expect(text == #"{"type":"receipt","chat_id":\#(chat),"user_id":\#(user),"read_seq":4}"#)
        }
    }

    @Test func `reading a chat that was marked unread tells the reader's devices, once`() async throws {
        try await Self.run { scene in
            _ = await scene.read(4)
            let change = MembershipChange(isMarkedUnread: true)
            _ = try await scene.memberships.change(change, of: scene.chat, for: scene.users[1])
            #expect(scene.updates.count == 1)
            for _ in 0..<2 { _ = await scene.read(2) }
            #expect(scene.updates.count == 2 && scene.receipts.count == 1)
            #expect(scene.updates.allSatisfy { $0.scope == .user(scene.users[1], in: scene.chat) })
            let text = String(decoding: scene.updates[1].payload, as: UTF8.self)
            #expect(text.contains(#""read_seq":4,"#) && text.contains(#""marked_unread":false"#))
        }
    }

    @Test func `in a large chat only the reader's own devices are told`() async throws {
        try await Self.run(members: ReadMarkService.receiptMemberLimit + 1) { scene in
            _ = await scene.read(4)
            #expect(scene.receipts.map(\.scope) == [.user(scene.users[1], in: scene.chat)])
        }
    }

    @Test func `who keeps receipts is told of to their own devices`() async throws {
        try await Self.run { scene in
            _ = try await scene.stores.people.change(SettingsChange(readReceipts: false), of: scene.users[1])
            _ = await scene.read(4)
            #expect(scene.receipts.map(\.scope) == [.user(scene.users[1], in: scene.chat)])
        }
    }

    @Test func `a store that fails is told to all who wait, and the next try succeeds`() async throws {
        try await Self.run { scene in
            scene.stores.database.outage = StoreError(.postgres, .retryable, "away")
            let answers = await scene.read(all: [1, 2, 3])
            #expect(answers.allSatisfy { if case .failure = $0 { true } else { false } })
            scene.stores.database.outage = nil
            let again = try await scene.read(2).get()
            #expect(again.readSequence.rawValue == 2)
        }
    }
}

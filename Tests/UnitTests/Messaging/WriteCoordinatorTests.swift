import Domain
import IOCore
import Messaging
import Support
import Testing

@Suite struct WriteCoordinatorTests {
    private struct TooLate: Error {
        let what: String
    }

    /// A coordinator and a recovery over stores in memory that fail as a test wants.
    ///
    /// Loop-bound.
    private final class Fixture {
        let loop: EventLoop
        let stores = MemoryStores()
        let log: ScriptedCommitLog
        let bodies: RefusingBodyStore
        let coordinator: WriteCoordinator
        let recovery: RedoRecovery
        let covering: CoveringRecovery
        let metrics = MetricsRegistry()

        init(loop: EventLoop) {
            self.loop = loop
            log = ScriptedCommitLog(stores.log)
            bodies = RefusingBodyStore(stores.bodies)
            let logger = Logger(label: "test", level: .error, sink: .silent)
            recovery = RedoRecovery(
                loop: loop,
                log: log,
                bodies: bodies,
                broker: stores.broker,
                registry: metrics,
                logger: logger
            )
            let covering = CoveringRecovery(loop: loop, recovery: recovery, logger: logger)
            self.covering = covering
            coordinator = WriteCoordinator(
                loop: loop,
                log: log,
                bodies: bodies,
                broker: stores.broker,
                metrics: CoordinatorMetrics(registry: metrics),
                logger: logger,
                redoLimitBytes: 1_000,
                finishCovering: { covering.request($0, through: $1) }
            )
        }

        static func run(_ body: @escaping @Sendable (Fixture) async throws -> Void) async throws {
            try await onLoop { actor in
                let loop = actor.loop
                let fixture = LoopBound(Fixture(loop: loop), loop: loop)
                let stop = ShutdownSignal()
                try await withThrowingDiscardingTaskGroup { group in
                    group.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in await fixture.value.coordinator.run(until: stop) }
                    }
                    group.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in await fixture.value.covering.run(until: stop) }
                    }
                    group.addTask(executorPreference: loop) {
                        try await loop.actor.run { _ in
                            defer { stop.trigger() }
                            try await body(fixture.value)
                        }
                    }
                }
            }
        }

        func group() async throws -> (ChatID, User) {
            let user = try await stores.ports.someone()
            let chat = try await log.nextChatID()
            let draft = ChatDraft(type: .group, name: "room", participants: [])
            let founding = OperationCodec.operation(chat: chat, actor: user.id, id: .random(), body: .createChat(draft))
            _ = try await coordinator.submit(founding)
            return (chat, user)
        }

        func message(_ chat: ChatID, _ user: User, id: OperationID = .random()) -> Operation {
            let draft = MessageDraft(content: "hello")
            return OperationCodec.operation(chat: chat, actor: user.id, id: id, body: .createMessage(draft))
        }

        func refusal(of operation: Operation) async -> Failure? {
            do throws(Failure) {
                _ = try await coordinator.submit(operation)
                return nil
            } catch {
                return error
            }
        }

        func eventually(_ what: String, _ condition: () -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(30)
            while !condition() {
                guard ContinuousClock.now < end else { throw TooLate(what: what) }
                await loop.sleep(for: .milliseconds(2))
            }
        }
    }

    @Test func `too much that has not reached MongoDB refuses a write before Postgres is asked`() async throws {
        try await Fixture.run { fixture in
            let (chat, user) = try await fixture.group()
            fixture.log.redoDepth = RedoDepth(rows: 1, bytes: 1_001)
            try await fixture.eventually("it measures") { fixture.log.measures > 1 }
            await fixture.loop.sleep(for: .milliseconds(5))
            let commits = fixture.log.commits
            let refusal = await fixture.refusal(of: fixture.message(chat, user))
            #expect(refusal?.code == .overloaded && refusal?.retryAfter != nil)
            #expect(fixture.log.commits == commits)
            #expect(fixture.metrics.render().contains("duologue_redo_bytes 1001"))
            fixture.log.redoDepth = RedoDepth(rows: 1, bytes: 1_000, oldestAge: .seconds(3_600))
            let measures = fixture.log.measures
            try await fixture.eventually("it measures again") { fixture.log.measures > measures + 1 }
            _ = try await fixture.coordinator.submit(fixture.message(chat, user))
        }
    }

    @Test func `one chat that MongoDB refuses stops nobody else`() async throws {
        try await Fixture.run { fixture in
            let (bad, user) = try await fixture.group()
            let (good, friend) = try await fixture.group()
            fixture.bodies.refused = [bad]
            let refusal = await fixture.refusal(of: fixture.message(bad, user))
            #expect(refusal?.code == .inFlight)
            for _ in 0..<10 { _ = try await fixture.coordinator.submit(fixture.message(good, friend)) }
            #expect(fixture.log.quarantined == [[bad]])
            #expect(!fixture.stores.broker.announced.contains { $0.chat == bad && $0.sequence != nil })
        }
    }

    @Test func `who asks again for what is set aside is told so at once, and when to come back`() async throws {
        try await Fixture.run { fixture in
            let (bad, user) = try await fixture.group()
            fixture.bodies.refused = [bad]
            let operation = fixture.message(bad, user)
            let first = await fixture.refusal(of: operation)
            let commits = fixture.log.commits
            let second = await fixture.refusal(of: operation)
            #expect(first?.code == .inFlight && second?.code == .inFlight)
            #expect(first?.retryAfter == .seconds(60) && second?.retryAfter == .seconds(60))
            #expect(fixture.log.commits == commits + 1, "it is not asked again and again")
            let another = await fixture.refusal(of: fixture.message(bad, user))
            #expect(another?.code == .storeUnavailable, "nothing was written of that one")
        }
    }

    @Test func `an edit follows a message that others keep changing, for so long`() async throws {
        try await Fixture.run { fixture in
            let (chat, user) = try await fixture.group()
            _ = try await fixture.coordinator.submit(fixture.message(chat, user))
            let (stores, loop) = (fixture.stores, fixture.loop)
            let service = MessageService(
                gate: WriteGate(LoopBound(fixture.coordinator, loop: loop)),
                reader: HistoryReader(history: stores.history, bodies: stores.bodies)
            )
            let message = MessageID(chat: chat, sequence: SequenceNumber(rawValue: 1))
            var (tries, moves) = (0, 31)
            fixture.log.answer = { operation in
                guard operation.kind == .messageUpdated else { return nil }
                tries += 1
                return tries <= moves ? .moved : nil
            }
            func edit() async throws -> MessageService.Changed {
                try await service.edit(message, MessageEdit(content: "new"), by: user.id, id: .random())
            }
            let changed = try await edit()
            #expect(tries == 32 && changed.message?.content == "new")
            (tries, moves) = (0, .max)
            await #expect {
                _ = try await edit()
            } throws: {
                ($0 as? Failure)?.code == .overloaded && ($0 as? Failure)?.retryAfter != nil
            }
            #expect(tries == 32)
        }
    }

    @Test func `a retry after a crash has what covers it finished, and is acknowledged`() async throws {
        try await Fixture.run { fixture in
            let (chat, user) = try await fixture.group()
            let operation = fixture.message(chat, user)
            let lost = BatchID.random()
            let results = try await fixture.log.commit(lost, [operation], dropping: [], wait: true)
            guard case .committed(let allocation)? = results.first else { throw TooLate(what: "commit") }
            let committed = CommittedOperation(operation: operation, allocation: allocation)
            fixture.log.covering = [RedoBatch(id: lost, operations: [committed], attempts: 1)]
            let outcome = try await fixture.coordinator.submit(operation)
            #expect(outcome == .duplicate(allocation))
            #expect(fixture.log.dropped.contains(lost))
            #expect(fixture.stores.broker.announced.map(\.offset) == [Offset(rawValue: 1), allocation.offset])
            let range = SequenceNumber(rawValue: 1)...SequenceNumber(rawValue: 1)
            #expect(try await fixture.bodies.messages(of: chat, in: range).count == 1)
        }
    }

    @Test func `a node that wakes after thirty seconds does no harm`() async throws {
        try await Fixture.run { fixture in
            let (chat, user) = try await fixture.group()
            let gate = ShutdownSignal()
            var stops = true
            fixture.bodies.hold = {
                guard stops else { return }
                stops = false
                await gate.wait()
            }
            var answers: [Result<CommitLane.Outcome, Failure>] = []
            let operation = fixture.message(chat, user)
            fixture.coordinator.submit(operation) { answers.append($0) }
            try await fixture.eventually("it is stopped before MongoDB") { !stops }

            // Meanwhile another node recovers the batch, and the message is edited.
            let now = fixture.stores.database.now.milliseconds
            fixture.stores.database.now = Timestamp(milliseconds: now + 30_000)
            // The chat's own batch may still have its row, too.
            #expect(try await fixture.recovery.pass() >= 1)
            let range = SequenceNumber(rawValue: 1)...SequenceNumber(rawValue: 1)
            let old = try #require(try await fixture.bodies.messages(of: chat, in: range).first)
            let edit = OperationCodec.operation(
                chat: chat,
                actor: user.id,
                id: .random(),
                body: .editMessage(MessageEdit(content: "edited"), of: old)
            )
            let results = try await fixture.stores.log.commit(.random(), [edit], dropping: [], wait: true)
            guard case .committed(let allocation)? = results.first else { throw TooLate(what: "the edit") }
            let committed = CommittedOperation(operation: edit, allocation: allocation)
            try await fixture.stores.bodies.apply(PostImages.documents(of: committed))

            gate.trigger()
            try await fixture.eventually("its caller is answered") { !answers.isEmpty }
            guard case .success(.committed(let place))? = answers.first else { throw TooLate(what: "an answer") }
            #expect(place.offset == Offset(rawValue: 2))
            let image = try await fixture.bodies.messages(of: chat, in: range).first
            #expect(image?.content == "edited" && image?.revision == allocation.offset)
            try await fixture.eventually("it has announced") {
                fixture.stores.broker.announced.count { $0.offset == place.offset } == 2
            }
        }
    }

    @Test func `many who ask for a chat cause one look, and a few chats are looked at together`() async throws {
        try await Fixture.run { fixture in
            let gate = ShutdownSignal()
            fixture.log.holdCovering = { await gate.wait() }
            for _ in 0..<50 {
                for chat in 1...10 { fixture.covering.request(ChatID(rawValue: Int64(chat)), through: .zero) }
            }
            try await fixture.eventually("some are looked at") { fixture.log.coveringRequests.count == 4 }
            await fixture.loop.sleep(for: .milliseconds(20))
            #expect(fixture.log.coveringRequests.count == 4)
            gate.trigger()
            try await fixture.eventually("all are looked at") { fixture.log.coveringRequests.count == 10 }
            #expect(Set(fixture.log.coveringRequests).count == 10)
        }
    }
}

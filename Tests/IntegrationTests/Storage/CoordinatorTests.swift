import Domain
import IOCore
import Messaging
import Storage
import Support
import Testing

@Suite(.realTime) struct CoordinatorTests {
    @Test func `500 sends at once are all acknowledged, without gaps, and stand in both stores`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            var chats: [ChatID] = []
            for _ in 0..<5 { chats.append(try await stores.group(of: user)) }
            // Every tenth is sent twice.
            let operations = (0..<500).map { message("body \($0)", to: chats[$0 % 5], from: user) }
            let sends = operations.enumerated().flatMap { $0 % 10 == 0 ? [$1, $1] : [$1] }
            let sink = RecordingSink()
            let outcomes = try await submit(sends, fixture, stores, sink)

            var allocations: [OperationID: Allocation] = [:]
            for (operation, outcome) in outcomes {
                let allocation =
                    switch outcome {
                    case .committed(let allocation), .duplicate(let allocation): allocation
                    case .existingChat, .unchanged, .moved: throw StorageFixture.SetUpFailure()
                    }
                #expect(allocations[operation.id] == nil || allocations[operation.id] == allocation)
                allocations[operation.id] = allocation
            }
            for chat in chats {
                let sent = operations.filter { $0.chat == chat }
                let sequences = sent.compactMap { allocations[$0.id]?.sequence?.rawValue }.sorted()
                #expect(sequences == Array(1...100))
                let bodies = try await stores.bodies.messages(of: chat, in: .first(200))
                #expect(bodies.count == 100)
                for operation in sent {
                    let body = bodies.first { $0.operation == operation.id }
                    guard case .createMessage(let draft) = operation.body else { continue }
                    #expect(body?.content == draft.content)
                    #expect(body?.id.sequence == allocations[operation.id]?.sequence)
                    #expect(body?.revision == allocations[operation.id]?.offset)
                }
                let announced = sink.announcements.filter { $0.chat == chat }.map(\.offset.rawValue)
                #expect(announced == announced.sorted(), "in the order of the commits")
                #expect(Set(announced) == Set(2...101))
            }
            let depth = try await stores.commitLog.depth()
            #expect(depth.rows == 0, "stopping drops what is finished")
        }
    }

    @Test func `a full batch is committed and applied`() async throws {
        try await StorageFixture.run { fixture, stores in
            let user = try await stores.users(1)[0]
            var chats: [ChatID] = []
            for _ in 0..<16 { chats.append(try await stores.group(of: user)) }
            var times: [(commit: Duration, apply: Duration)] = []
            for _ in 0..<20 {
                let operations = (0..<128).map { message("body \($0)", to: chats[$0 % 16], from: user) }
                let start = ContinuousClock.now
                let batch = BatchID.random()
                let results = try await stores.commitLog.commit(batch, operations, dropping: [], wait: false)
                let middle = ContinuousClock.now
                let committed = zip(operations, results).compactMap { operation, result -> CommittedOperation? in
                    guard case .committed(let allocation) = result else { return nil }
                    return CommittedOperation(operation: operation, allocation: allocation)
                }
                #expect(committed.count == 128)
                try await stores.bodies.apply(committed.flatMap(PostImages.documents(of:)))
                times.append((middle - start, ContinuousClock.now - middle))
                try await stores.commitLog.drop([batch])
            }
            let commits = times.map(\.commit).sorted()
            let applies = times.map(\.apply).sorted()
            print("128 operations, median: commit \(commits[10]), apply \(applies[10])")
        }
    }

    private func submit(
        _ operations: [Operation],
        _ fixture: StorageFixture,
        _ stores: LoopStores,
        _ sink: RecordingSink
    ) async throws -> [(Operation, CommitLane.Outcome)] {
        let loop = fixture.loop
        let broker = stores.broker(to: [LoopBound(sink, loop: loop)])
        let coordinator = WriteCoordinator(
            loop: loop,
            log: stores.commitLog,
            bodies: stores.bodies,
            broker: broker,
            metrics: CoordinatorMetrics(registry: fixture.registry),
            logger: fixture.logger
        )
        let box = LoopBound(coordinator, loop: loop)
        let stop = ShutdownSignal()
        return try await withThrowingTaskGroup(of: (Operation, CommitLane.Outcome)?.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await box.value.run(until: stop) }
                return nil
            }
            for operation in operations {
                group.addTask(executorPreference: loop) {
                    try await loop.actor.run { _ in (operation, try await box.value.submit(operation)) }
                }
            }
            var outcomes: [(Operation, CommitLane.Outcome)] = []
            while outcomes.count < operations.count, let next = try await group.next() {
                if let next { outcomes.append(next) }
            }
            stop.trigger()
            try await group.waitForAll()
            return outcomes
        }
    }
}

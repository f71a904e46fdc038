import IOCore
import Support

/// Writers and observers on all nodes, and what they know.
///
/// Loop-bound.
final class MixedLoad {
    let loop: EventLoop
    let cast: Cast
    let nodes: [FaultNode]
    var journal = WriteJournal()
    private(set) var observers: [Observer] = []
    /// No new operation is begun.
    private(set) var isStopping = false
    /// What has no answer yet will not be tried any more.
    private(set) var isAbandoned = false
    private(set) var isOver = false
    /// Writers begin nothing for the moment.
    var isPaused = false
    private var writers: [LoadWriter] = []
    private var running = 0

    private static let writersPerUser = 2

    init(_ cluster: FaultCluster, _ cast: Cast, _ random: SplitMix64) {
        loop = cluster.loop
        self.cast = cast
        nodes = cluster.nodes
        let users = (0..<Self.writersPerUser).flatMap { _ in cast.stable } + [cast.churning[0]]
        for (number, user) in users.enumerated() {
            let composer = WriteComposer(
                writer: number,
                user: user,
                cast: cast,
                kinds: WriteKind.allCases,
                random: random.branch(UInt64(100 + number))
            )
            writers.append(LoadWriter(self, composer, nodes, random.branch(UInt64(200 + number))))
        }
        for node in nodes { observers.append(Observer(self, node, cast.stable[1])) }
        for (node, user) in zip(nodes.suffix(2), cast.churning) { observers.append(Observer(self, node, user)) }
    }

    var isSettled: Bool { running == 0 }

    /// Runs the load until `end()`.
    func run() async throws {
        let bound = LoopBound(self, loop: loop)
        let loop = loop
        running = writers.count
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in writers.indices {
                group.addTask(executorPreference: loop) { await loop.actor.run { _ in await bound.value.write(index) } }
            }
            for index in observers.indices {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await bound.value.observers[index].run() }
                }
            }
            try await group.waitForAll()
        }
    }

    /// No writer begins another operation.
    func stop() { isStopping = true }

    /// Nothing is tried any more.
    func abandon() {
        isStopping = true
        isAbandoned = true
    }

    /// Observers leave.
    func end() {
        abandon()
        isOver = true
        for observer in observers { observer.leave() }
    }

    private func write(_ index: Int) async {
        await writers[index].run()
        running -= 1
    }
}

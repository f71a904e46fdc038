import IOCore
import JSON
import Support
import Web

/// One round: a load, a fault in its midst, recovery, and everything compared.
///
/// Loop-bound.
final class FaultRound {
    private let cluster: FaultCluster
    private let cast: Cast
    private let load: MixedLoad
    private let scene: FaultScene
    private var fault: any Fault
    private var random: SplitMix64
    private(set) var record: RoundRecord
    private(set) var violations: [Violation] = []

    init(_ cluster: FaultCluster, _ cast: Cast, _ fault: any Fault, seed: UInt64) {
        self.cluster = cluster
        self.cast = cast
        self.fault = fault
        let root = SplitMix64(seed: seed)
        random = root.branch(1)
        load = MixedLoad(cluster, cast, root)
        scene = FaultScene(cluster, load, root.branch(2))
        record = RoundRecord(seed: seed, fault: fault.name)
    }

    /// Runs the round; what was found is in `record` and `violations`.
    func run() async throws {
        let start = cluster.loop.now
        defer { record.duration = cluster.loop.now - start }
        try await fault.prepare(scene)
        let (bound, loop) = (LoopBound(self, loop: cluster.loop), cluster.loop)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                try await loop.actor.run { _ in try await bound.value.load.run() }
            }
            let result: Result<Void, any Error>
            do {
                result = .success(try await play())
            } catch {
                result = .failure(error)
            }
            load.end()
            try await group.waitForAll()
            try result.get()
        }
        try await compare()
        try await fault.cleanUp(scene)
        record.kills = scene.kills
        record.operations = load.journal.records.count
        record.acked = load.journal.acked
        for violation in violations { record.violations[violation.kind, default: 0] += 1 }
    }

    /// The fault's part, under load, until everything is well again.
    private func play() async throws {
        await scene.sleep(for: random.milliseconds(600...1_500))
        do {
            try await fault.inject(scene)
            await scene.sleep(for: random.milliseconds(fault.lasts))
        } catch {
            try await fault.heal(scene)
            throw error
        }
        try await fault.heal(scene)
        let healed = cluster.loop.now
        await scene.sleep(for: random.milliseconds(200...500))
        load.stop()
        let convergence = Convergence(cluster, load)
        if let time = await convergence.wait(since: healed) {
            record.recovery = time
        } else {
            record.recovery = Convergence.limit
            violations.append(Violation(.answer, "not well within \(Convergence.limit): \(convergence.missing)"))
        }
        load.abandon()
    }

    private func compare() async throws {
        var chats: [StoredChat] = []
        for chat in cast.chats {
            var stored = try await cluster.reader.read(chat, founders: cast.founders)
            for node in cluster.nodes {
                let history = try await node.makeClient().history(of: chat, as: cast.owner)
                stored.histories[node.name] = history.map(StoredChat.Message.init)
            }
            chats.append(stored)
        }
        var checker = CampaignChecker(journal: load.journal, deliveries: load.observers.map(\.log), chats: chats)
        violations += checker.run()
        try await audit()
    }

    /// The product's own audit must agree.
    private func audit() async throws {
        let (status, output) = try await cluster.nodes[0].server.run(["audit", "--json"], within: .seconds(300))
        if status != 0 {
            violations.append(Violation(.stale, "audit ends with \(status ?? -1): \(output.prefix(2_000))"))
        }
    }
}

extension StoredChat.Message {
    /// A message as REST answers it.
    init(_ object: JSONObject) {
        self.init(
            sequence: object.integer("seq") ?? 0,
            revision: object.integer("rev") ?? 0,
            isDeleted: object.bool("deleted") ?? false,
            content: object.string("content"),
            clientID: object.string("client_msg_id")
        )
    }
}

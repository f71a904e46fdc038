import IOCore
import Support
import Web

/// What must happen for a node to come by a failpoint.
enum Occasion: Sendable {
    /// The load brings it there.
    case any
    /// Somebody reads history.
    case reading
    /// Somebody left a batch unfinished.
    case abandonedBatch
    /// MongoDB refuses a document for good.
    case refusal
    /// Something was deleted long ago.
    case oldTombstone
    /// Nobody writes for a moment, so that no commit takes finished batches along.
    case lull

    init(failpoint: String) {
        if failpoint.hasPrefix("recovery.") {
            self = .abandonedBatch
        } else if failpoint.hasPrefix("quarantine.") {
            self = .refusal
        } else if failpoint.hasPrefix("purge.") {
            self = .oldTombstone
        } else if failpoint.hasPrefix("drop.") {
            self = .lull
        } else if failpoint.hasPrefix("read.") {
            self = .reading
        } else {
            self = .any
        }
    }

    /// Whether nobody can say which node it will be, so that all must be armed.
    var isAnybodys: Bool { self == .abandonedBatch || self == .refusal }

    /// At which passage a node dies; what is rare is not waited for twice.
    func passage(_ random: inout SplitMix64) -> Int {
        switch self {
        case .any: Int.random(in: 1...20, using: &random)
        case .reading: Int.random(in: 1...5, using: &random)
        case .abandonedBatch, .refusal, .oldTombstone, .lull: 1
        }
    }

    private static let patience = Duration.seconds(30)

    /// Brings it about, again and again, until `isPassed`.
    ///
    /// - Throws: `FaultDidNotHappen` where the step is not passed in 30 s.
    func arise(_ scene: FaultScene, for armed: ArmedNodes, until isPassed: () -> Bool) async throws {
        let loop = scene.cluster.loop
        let end = loop.now + Self.patience
        while !isPassed() {
            guard loop.now < end else {
                throw FaultDidNotHappen(description: "\(armed.failpoint) was not passed within \(Self.patience)")
            }
            try await ariseOnce(scene, armed)
            await scene.wait(atMost: armed.isPassedWithin, until: isPassed)
            scene.load.isPaused = false
        }
    }

    /// Takes back what would last.
    func pass(_ scene: FaultScene) async throws {
        if self == .refusal { try await scene.cluster.reader.refuseDocuments(of: nil) }
    }

    private func ariseOnce(_ scene: FaultScene, _ armed: ArmedNodes) async throws {
        switch self {
        case .any: break
        case .reading: await read(scene, armed.nodes[0])
        case .abandonedBatch: try await abandon(scene, armed)
        case .refusal: try await scene.cluster.reader.refuseDocuments(of: scene.load.cast.chats[1])
        case .lull:
            await scene.wait(atMost: .seconds(1)) { armed.nodes[0].isRunning == false }
            scene.load.isPaused = true
        case .oldTombstone: try await age(scene, armed)
        }
    }

    private func read(_ scene: FaultScene, _ node: FaultNode) async {
        let (cast, client) = (scene.load.cast, node.makeClient())
        _ = try? await client.send(
            .get,
            "/chats/\(cast.chats[0])/messages",
            token: cast.owner.token,
            deadline: .seconds(1)
        )
    }

    /// A node dies between its commit and its documents, and is back before its lease has run out.
    private func abandon(_ scene: FaultScene, _ armed: ArmedNodes) async throws {
        guard let node = armed.nodes.first(where: \.isRunning) else { return }
        scene.kill(node)
        try node.launch(["DUOLOGUE_FAILPOINTS": "apply.before=kill"])
        await scene.wait(atMost: .seconds(8)) { !node.isRunning }
        scene.kills += 1
        node.server.kill()
        try armed.arm(node, scene)
    }

    /// The purge looks when its node starts, and then not for a minute.
    private func age(_ scene: FaultScene, _ armed: ArmedNodes) async throws {
        var aged = 0
        for chat in scene.load.cast.chats { aged += try await scene.cluster.reader.ageTombstones(of: chat) }
        guard aged > 0 else { return }
        for node in armed.nodes {
            scene.kill(node)
            try armed.arm(node, scene)
        }
    }
}

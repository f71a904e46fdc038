import IOCore
import Support

/// A node kills itself at a step of the protocol, some passages after it was started for it.
struct NodeKillAt: Fault {
    let failpoint: String
    var name: String { "node-kill-at:\(failpoint)" }
    private let occasion: Occasion
    private var armed: [FaultNode] = []

    private static let patience = Duration.seconds(12)
    private static let help = Duration.milliseconds(2_500)

    init(failpoint: String) {
        self.failpoint = failpoint
        occasion = Occasion(failpoint: failpoint)
    }

    /// A chat is set apart once, by whichever node meets the refusal.
    private var count: Int { occasion == .refusal ? 1 : 3 }

    mutating func prepare(_ scene: FaultScene) async throws {
        armed = occasion == .refusal ? scene.cluster.nodes : [scene.pickNode()]
        for node in armed { await node.stop() }
        for node in armed { try arm(node, scene) }
        // The others serve meanwhile; were there none, the load would only wait.
        if armed.count > 1 { for node in armed { try await node.waitUntilReady() } }
    }

    mutating func inject(_ scene: FaultScene) async throws {
        for round in 1...count {
            let node = try await waitForDeath(scene)
            scene.kills += 1
            if round < count { try arm(node, scene) }
        }
    }

    mutating func heal(_ scene: FaultScene) async throws {
        try await occasion.pass(scene)
        for node in armed {
            node.server.kill()
            try await node.start()
        }
    }

    /// It may reach the step before it is ready, so its readiness is not waited for.
    private func arm(_ node: FaultNode, _ scene: FaultScene) throws {
        let passage = occasion == .any ? Int.random(in: 1...20, using: &scene.random) : 1
        try node.launch(["DUOLOGUE_FAILPOINTS": "\(failpoint)=kill@\(passage)"])
    }

    private func waitForDeath(_ scene: FaultScene) async throws -> FaultNode {
        let loop = scene.cluster.loop
        let end = loop.now + Self.patience
        var nextHelp = loop.now + .milliseconds(occasion == .refusal ? 0 : 1_500)
        while true {
            if let dead = armed.first(where: { !$0.isRunning }) { return dead }
            guard loop.now < end else {
                throw FaultDidNotHappen(description: "\(failpoint) was not passed within \(Self.patience)")
            }
            if loop.now > nextHelp {
                try await help(scene)
                nextHelp = loop.now + Self.help
            }
            await scene.sleep(for: .milliseconds(10))
        }
    }

    private func help(_ scene: FaultScene) async throws {
        try await occasion.arise(scene, besides: armed[0])
        // The purge looks when its node starts, and then not for a minute.
        guard occasion == .oldTombstone else { return }
        for node in armed {
            node.server.kill()
            try arm(node, scene)
        }
    }
}

import Support

/// A node kills itself at a step of the protocol, some passages after it was started for it.
struct NodeKillAt: Fault {
    let failpoint: String
    var name: String { "node-kill-at:\(failpoint)" }
    private let occasion: Occasion
    private var armed: ArmedNodes?

    init(failpoint: String) {
        self.failpoint = failpoint
        occasion = Occasion(failpoint: failpoint)
    }

    /// A chat is set apart once, by whichever node meets the refusal.
    private var count: Int { occasion == .refusal ? 1 : 3 }

    mutating func prepare(_ scene: FaultScene) async throws {
        let occasion = occasion
        let armed = ArmedNodes(failpoint, occasion, scene) { "kill@\(occasion.passage(&$0))" }
        self.armed = armed
        try await armed.begin(scene)
    }

    mutating func inject(_ scene: FaultScene) async throws {
        guard let armed else { return }
        for round in 1...count {
            try await occasion.arise(scene, for: armed) { armed.dead != nil }
            scene.kills += 1
            if round < count, let node = armed.dead { try armed.arm(node, scene) }
        }
    }

    mutating func heal(_ scene: FaultScene) async throws {
        try await occasion.pass(scene)
        let nodes = armed?.nodes ?? []
        for node in nodes {
            scene.kill(node)
            try node.launch()
        }
        for node in nodes { try await node.waitUntilReady() }
    }
}

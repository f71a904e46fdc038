import IOCore
import Support

/// Nodes that were told what is to happen at a step of the protocol.
///
/// Loop-bound.
struct ArmedNodes {
    let failpoint: String
    let nodes: [FaultNode]
    private let rule: (inout SplitMix64) -> String

    /// How long after its occasion a step is given; a lease has to run out before a recovery begins.
    let isPassedWithin: Duration

    /// Picks nodes for a step; `rule` is what happens at it, and when.
    init(_ failpoint: String, _ occasion: Occasion, _ scene: FaultScene, rule: @escaping (inout SplitMix64) -> String) {
        self.failpoint = failpoint
        self.rule = rule
        nodes = occasion.isAnybodys ? scene.cluster.nodes : [scene.pickNode()]
        isPassedWithin =
            switch occasion {
            case .any, .lull, .oldTombstone: .seconds(3)
            case .reading: .milliseconds(50)
            case .abandonedBatch, .refusal: .seconds(6)
            }
    }

    /// Starts the nodes anew, before there is a load.
    func begin(_ scene: FaultScene) async throws {
        for node in nodes { await node.stop() }
        for node in nodes { try arm(node, scene) }
        for node in nodes { await waitUntilReady(node, scene) }
    }

    /// Starts a node that has ended; it may come by the step before it is ready.
    func arm(_ node: FaultNode, _ scene: FaultScene) throws {
        try node.launch(["DUOLOGUE_FAILPOINTS": "\(failpoint)=\(rule(&scene.random))"])
    }

    /// One that the step has ended, if any.
    var dead: FaultNode? { nodes.first { !$0.isRunning } }

    /// How often a step was heeded by those that it does not end.
    var passages: Int {
        let mark = "\"step\":\"\(failpoint)\""
        return nodes.reduce(0) { $0 + $1.server.log.split(separator: "\n").count { $0.contains(mark) } }
    }

    private func waitUntilReady(_ node: FaultNode, _ scene: FaultScene) async {
        let end = scene.cluster.loop.now + .seconds(30)
        while node.isRunning, scene.cluster.loop.now < end, !(await node.isReady()) {
            await scene.sleep(for: .milliseconds(30))
        }
    }
}

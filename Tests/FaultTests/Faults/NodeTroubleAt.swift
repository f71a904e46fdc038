import Support

/// A step of the protocol takes long, or fails, on one node.
struct NodeTroubleAt: Fault {
    let failpoint: String
    let trouble: String
    let lasts = 2_000...3_500
    var name: String { "node-\(trouble.prefix { $0 != ":" })-at:\(failpoint)" }
    private let occasion: Occasion
    private var node: FaultNode?

    init(failpoint: String, trouble: String) {
        self.failpoint = failpoint
        self.trouble = trouble
        occasion = Occasion(failpoint: failpoint)
    }

    mutating func prepare(_ scene: FaultScene) async throws {
        let node = scene.pickNode()
        self.node = node
        await node.stop()
        // Not each time: a step that always fails is one that never happens.
        try await node.start(["DUOLOGUE_FAILPOINTS": "\(failpoint)=\(trouble)%25"])
    }

    mutating func inject(_ scene: FaultScene) async throws {
        guard let node else { return }
        try await occasion.arise(scene, besides: node)
    }

    mutating func heal(_ scene: FaultScene) async throws {
        try await occasion.pass(scene)
        await node?.stop()
        try await node?.start()
    }
}

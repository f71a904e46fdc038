import Support

/// A step of the protocol takes long, or fails, again and again.
struct NodeTroubleAt: Fault {
    let failpoint: String
    let trouble: String
    let lasts = 1_500...3_000
    var name: String { "node-\(trouble.prefix { $0 != ":" })-at:\(failpoint)" }
    private let occasion: Occasion
    private var armed: ArmedNodes?
    /// What the nodes' logs have of earlier rounds.
    private var before = 0

    init(failpoint: String, trouble: String) {
        self.failpoint = failpoint
        self.trouble = trouble
        occasion = Occasion(failpoint: failpoint)
    }

    mutating func prepare(_ scene: FaultScene) async throws {
        // Not each time: a step that always fails is one that never happens.
        let rule = occasion == .any || occasion == .reading ? "\(trouble)%25" : "\(trouble)@1-3"
        let armed = ArmedNodes(failpoint, occasion, scene) { _ in rule }
        self.armed = armed
        before = armed.passages
        try await armed.begin(scene)
    }

    mutating func inject(_ scene: FaultScene) async throws {
        guard let armed else { return }
        let before = before
        try await occasion.arise(scene, for: armed) { armed.passages > before }
    }

    mutating func heal(_ scene: FaultScene) async throws {
        try await occasion.pass(scene)
        for node in armed?.nodes ?? [] {
            await node.stop()
            try await node.start()
        }
    }
}

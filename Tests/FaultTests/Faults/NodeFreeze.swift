import Support

/// SIGSTOP and SIGCONT of a node: it wakes up, believing that no time has passed.
struct NodeFreeze: Fault {
    let name: String
    let lasts: ClosedRange<Int>
    let isLong: Bool
    private var node: FaultNode?

    /// Below and above the lease of three seconds.
    static var short: NodeFreeze { NodeFreeze(name: "node-freeze", lasts: 1_000...5_000, isLong: false) }
    /// Beyond every deadline.
    static var long: NodeFreeze { NodeFreeze(name: "node-freeze-30s", lasts: 30_000...30_000, isLong: true) }

    private init(name: String, lasts: ClosedRange<Int>, isLong: Bool) {
        self.name = name
        self.lasts = lasts
        self.isLong = isLong
    }

    mutating func inject(_ scene: FaultScene) async throws {
        node = scene.pickNode()
        node?.server.freeze()
    }

    mutating func heal(_ scene: FaultScene) async throws { node?.server.resume() }
}

import Support

/// A node whose wall clock is an hour off; its monotonic clock is not.
struct NodeClock: Fault {
    let name: String
    let lasts = 1_500...2_500
    private let offset: String
    private var node: FaultNode?

    static var ahead: NodeClock { NodeClock(name: "node-clock-ahead", offset: "+1h") }
    static var behind: NodeClock { NodeClock(name: "node-clock-behind", offset: "-1h") }

    private init(name: String, offset: String) {
        self.name = name
        self.offset = offset
    }

    func obstacle(_ cluster: FaultCluster) -> String? { Self.library == nil ? "needs the package faketime" : nil }

    mutating func prepare(_ scene: FaultScene) async throws {
        let node = scene.pickNode()
        self.node = node
        await node.stop()
        // The library adds to the environment of the program that loads it first, and Swift, which looks for its arguments
        // beside the environment, then finds none; in a program that is started by that one it leaves all as it is.
        node.server.launcher = ["/usr/bin/env"]
        try await node.start([
            "LD_PRELOAD": Self.library ?? "", "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ])
    }

    mutating func inject(_ scene: FaultScene) async throws {}

    mutating func cleanUp(_ scene: FaultScene) async throws {
        await node?.stop()
        node?.server.launcher = []
        try await node?.start()
    }

    private static let library = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }
        .first { FileSystem.exists($0) }
}

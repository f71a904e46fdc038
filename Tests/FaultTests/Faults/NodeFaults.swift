import IOCore
import Support

/// kill -9 of nodes at moments the seed chooses; each is started again at once.
struct NodeKill: Fault {
    let name = "node-kill"
    private static let count = 3

    mutating func inject(_ scene: FaultScene) async throws {
        for _ in 0..<Self.count {
            let node = scene.pickNode()
            node.server.kill()
            scene.kills += 1
            try await node.start()
            await scene.sleep(for: scene.random.milliseconds(0...600))
        }
    }
}

/// kill -9 of all nodes at once.
struct AllNodesKill: Fault {
    let name = "node-kill-all"

    mutating func inject(_ scene: FaultScene) async throws {
        for node in scene.cluster.nodes {
            node.server.kill()
            scene.kills += 1
        }
        for node in scene.cluster.nodes { try node.launch() }
        for node in scene.cluster.nodes { try await node.waitUntilReady() }
    }
}

/// A node kills itself at a step of the protocol, some passages after it was started for it; three times.
struct NodeKillAt: Fault {
    let failpoint: String
    var name: String { "node-kill-at:\(failpoint)" }
    private let occasion: Occasion
    private var node: FaultNode?

    private static let count = 3
    private static let patience = Duration.seconds(12)

    init(failpoint: String) {
        self.failpoint = failpoint
        occasion = Occasion(failpoint: failpoint)
    }

    mutating func prepare(_ scene: FaultScene) async throws {
        let node = scene.pickNode()
        self.node = node
        await node.stop()
        try await arm(node, scene)
    }

    mutating func inject(_ scene: FaultScene) async throws {
        guard let node else { return }
        for round in 1...Self.count {
            try await waitForDeath(of: node, scene)
            scene.kills += 1
            if round < Self.count { try await arm(node, scene) }
        }
    }

    mutating func heal(_ scene: FaultScene) async throws {
        try await occasion.pass(scene)
        node?.server.kill()
        try await node?.start()
    }

    private func arm(_ node: FaultNode, _ scene: FaultScene) async throws {
        let passage = occasion == .any ? Int.random(in: 1...20, using: &scene.random) : 1
        try node.launch(["DUOLOGUE_FAILPOINTS": "\(failpoint)=kill@\(passage)"])
        // It may reach the step before it is ready, so its readiness is not waited for.
    }

    private func waitForDeath(of node: FaultNode, _ scene: FaultScene) async throws {
        let loop = scene.cluster.loop
        let end = loop.now + Self.patience
        var nextHelp = loop.now + .milliseconds(1_500)
        while node.isRunning {
            guard loop.now < end else {
                throw FaultDidNotHappen(description: "\(failpoint) was not passed within \(Self.patience)")
            }
            if loop.now > nextHelp {
                try await occasion.arise(scene, besides: node)
                // The purge looks when its node starts, and then not for a minute.
                if occasion == .oldTombstone {
                    node.server.kill()
                    try await arm(node, scene)
                }
                nextHelp = loop.now + .milliseconds(2_500)
            }
            await scene.sleep(for: .milliseconds(10))
        }
    }
}

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

/// SIGTERM to one node after the other, as a new version is brought out.
struct RollingRestart: Fault {
    let name = "node-rolling-restart"

    mutating func inject(_ scene: FaultScene) async throws {
        for node in scene.cluster.nodes {
            await node.stop()
            try await node.start()
        }
    }
}

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

/// A hundred copies of one send at once, over all nodes.
struct Duplicates: Fault {
    let name = "client-duplicates"

    mutating func inject(_ scene: FaultScene) async throws { try await scene.load.storm(copies: 100, &scene.random) }
}

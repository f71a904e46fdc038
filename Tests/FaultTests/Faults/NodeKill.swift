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

import Support

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

import Support

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

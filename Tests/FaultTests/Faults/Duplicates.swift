import Support

/// A hundred copies of one send at once, over all nodes.
struct Duplicates: Fault {
    let name = "client-duplicates"

    mutating func inject(_ scene: FaultScene) async throws { try await scene.load.storm(copies: 100, &scene.random) }
}

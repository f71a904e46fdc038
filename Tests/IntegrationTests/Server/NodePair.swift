import Support

/// Two servers on the same stores, a client of each, and two people in a chat.
struct NodePair {
    /// Held here: a server that nobody holds is killed.
    let servers: [ServerUnderTest]
    let clients: [TestClient]
    let ada: TestUser
    let ben: TestUser
    let chat: Int64

    init(_ scene: ServerScene, _ variables: [String: String] = [:]) async throws {
        servers = [try await scene.startServer(variables), try await scene.startServer(variables)]
        clients = servers.map(scene.client(of:))
        ada = try await clients[0].makeUser("ada")
        ben = try await clients[1].makeUser("ben")
        chat = try await clients[0].makeGroup(by: ada, with: [ben])
    }
}

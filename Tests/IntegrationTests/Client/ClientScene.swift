import DuologueClient
import Support

/// A server behind a proxy that a test can cut, and users of it.
final class ClientScene {
    let server: ServerUnderTest
    let proxy: TCPProxy

    /// Where clients find the server, by way of the proxy.
    var url: String { "http://127.0.0.1:\(proxy.port)" }

    private init(_ server: ServerUnderTest, _ proxy: TCPProxy) {
        self.server = server
        self.proxy = proxy
    }

    /// Starts a server on the scene's stores.
    static func start(_ scene: ServerScene, _ variables: [String: String] = [:]) async throws -> ClientScene {
        let server = try await scene.startServer(variables)
        return ClientScene(server, try await TCPProxy(to: server.port))
    }

    /// A new user, by way of the proxy.
    func makeClient(_ name: String, isCutOff: Bool = true) async throws(DuologueError) -> DuologueClient {
        var configuration = DuologueClient.Configuration()
        configuration.firstDelay = .milliseconds(20)
        configuration.longestDelay = .milliseconds(500)
        let username = "\(name)-\(UInt32.random(in: 0...UInt32.max))"
        return try await DuologueClient.register(
            server: isCutOff ? url : "http://127.0.0.1:\(server.port)",
            username: username,
            email: "\(username)@example.org",
            password: TestUser.password,
            configuration: configuration
        )
    }
}

extension DuologueClient {
    /// All durable events of a chat, by paging.
    func allEvents(of chat: ChatID) async throws(DuologueError) -> [ChatEvent] {
        var events: [ChatEvent] = []
        while true {
            let page = try await self.events(of: chat, after: events.last?.offset ?? 0).items
            if page.isEmpty { return events }
            events += page
        }
    }

    /// All messages of a chat, by paging.
    func allMessages(of chat: ChatID) async throws(DuologueError) -> [Message] {
        var messages: [Message] = []
        while true {
            let page = try await self.messages(of: chat, .after(messages.last?.sequence ?? 0), limit: 100).items
            if page.isEmpty { return messages }
            messages += page
        }
    }
}

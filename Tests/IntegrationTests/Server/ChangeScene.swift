import JSON
import Support
import Web

/// A server, two people in one chat, and their sockets.
///
/// Loop-bound.
final class ChangeScene {
    let scene: ServerScene
    let server: ServerUnderTest
    let client: TestClient
    let ada: TestUser
    let ben: TestUser
    /// Of which Ada is the owner; its next event has offset 2.
    let chat: Int64
    let adaSocket: TestSocket
    let benSocket: TestSocket

    private init(_ scene: ServerScene) async throws {
        self.scene = scene
        server = try await scene.startServer()
        client = scene.client(of: server)
        (ada, ben) = (try await client.makeUser("ada"), try await client.makeUser("ben"))
        chat = try await client.makeGroup(by: ada, with: [ben])
        adaSocket = try await TestSocket.ready(client, as: ada)
        benSocket = try await TestSocket.ready(client, as: ben)
    }

    /// Runs `body` in a scene of its own.
    static func run(_ body: @Sendable @escaping (ChangeScene) async throws -> Void) async throws {
        try await ServerScene.run { try await body(ChangeScene($0)) }
    }

    func call(
        _ method: HTTPMethod,
        _ path: String,
        _ body: String? = nil,
        as user: TestUser,
        key: String? = nil
    ) async throws -> TestAnswer {
        // A connection of its own: requests may be under way at once.
        try await scene.client(of: server).send(
            method,
            path,
            body,
            token: user.token,
            headers: key.map { [("Idempotency-Key", $0)] } ?? []
        )
    }

    /// Sends a message and returns its id.
    func send(_ content: String, as user: TestUser, thread root: String? = nil) async throws -> String {
        let thread = root.map { #","thread_root":"\#($0)""# } ?? ""
        let body = #"{"content":"\#(content)"\#(thread)}"#
        let answer = try await call(.post, "/chats/\(chat)/messages", body, as: user)
        guard answer.status == 201, let id = answer.object.string("message_id") else {
            throw TestSocket.Missing("a message; have \(answer.object)")
        }
        return id
    }

    /// Takes the durable events of the chat that have come to a socket once there are `count`, without `chat.created`.
    func events(_ count: Int, on socket: TestSocket, of chat: Int64? = nil) async throws -> [JSONObject] {
        let chat = chat ?? self.chat
        func events() -> [JSONObject] {
            socket.frames.filter {
                $0.integer("chat_id") == chat && $0.string("type") != "chat.created" && $0.string("type") != "ack"
            }
        }
        try await socket.wait(for: "\(count) events") { events().count >= count }
        return events()
    }

    /// What a change is acked with.
    static func ack(_ id: String, _ message: String, _ chat: Int64, _ offset: Int64) -> JSONObject {
        JSONObject([
            .init(name: "type", value: .string("ack")), .init(name: "id", value: .string(id)),
            .init(name: "message_id", value: .string(message)), .init(name: "chat_id", value: .integer(chat)),
            .init(name: "offset", value: .integer(offset)),
        ])
    }
}

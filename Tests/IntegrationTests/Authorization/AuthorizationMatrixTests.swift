import JSON
import Support
import Testing
import Web

@testable import Gateway

/// Whom each route and each command obeys.
@Suite(.realTime) struct AuthorizationMatrixTests {
    @Test func `every route obeys those it should, and no others`() async throws {
        try await AuthorizationScene.run { scene in
            let operations = try await Self.operations(scene.client)
            #expect(Set(operations.map(\.id)) == Set(AuthorizationMatrix.routes.keys))
            for operation in operations {
                guard let row = AuthorizationMatrix.routes[operation.id] else { continue }
                try #require(row.answers.count == AuthorizationRow.columns)
                let changes = operation.method != .get
                let shared = changes ? nil : try await scene.makePlace()
                for persona in Persona.allCases {
                    var place = persona == .blocked ? nil : shared
                    if place == nil { place = try await scene.makePlace(for: persona, row) }
                    guard let place else { continue }
                    let answer = try await scene.ask(operation, row, as: scene.cast.user(persona), at: place)
                    Self.expect(answer, row.answers[persona.rawValue], "\(operation.id), \(persona)")
                }
            }
        }
    }

    @Test func `ids of another chat lead members nowhere`() async throws {
        try await AuthorizationScene.run { scene in
            for operation in try await Self.operations(scene.client) {
                guard let row = AuthorizationMatrix.routes[operation.id] else { continue }
                let expected = row.answers[Persona.stranger.rawValue]
                guard expected.status == 404 else { continue }
                for persona in [Persona.owner, .admin, .member, .former, .blocked] {
                    let user = scene.cast.user(persona)
                    let answer = try await scene.ask(operation, row, as: user, at: scene.foreign)
                    Self.expect(answer, expected, "\(operation.id), \(persona), another chat")
                }
            }
        }
    }

    @Test func `every command obeys those it should, and no others`() async throws {
        #expect(Set(ClientCommand.Kind.allCases.map(\.rawValue)) == Set(AuthorizationMatrix.commands.keys))
        try await AuthorizationScene.run { scene in
            for persona in Persona.allCases where persona != .anonymous && persona != .disabled {
                guard let user = scene.cast.user(persona) else { continue }
                let socket = try await TestSocket.ready(scene.client, as: user)
                for (name, row) in AuthorizationMatrix.commands.sorted(by: { $0.key < $1.key }) {
                    try #require(row.answers.count == AuthorizationRow.columns)
                    let place = try await scene.makePlace(for: persona)
                    // Typing is for those whose socket follows the chat already.
                    if [.owner, .admin, .member, .blocked].contains(persona) { try await Self.follow(place, socket) }
                    let own = try await Self.ask(scene, socket, name, row, user, place)
                    #expect(own == row.answers[persona.rawValue], "\(name), \(persona)")
                    guard persona != .stranger, row.answers[Persona.stranger.rawValue] == "chat_not_found" else {
                        continue
                    }
                    let other = try await Self.ask(scene, socket, name, row, user, scene.foreign)
                    #expect(other == "chat_not_found", "\(name), \(persona), another chat")
                }
                socket.connection.close(.normal)
            }
        }
    }

    @Test func `no command obeys nobody, and nobody disabled opens a WebSocket`() async throws {
        try await AuthorizationScene.run { scene in
            // What is not known shows this one, whose session was ended.
            let disabled = scene.cast.disabled.token
            for (name, row) in AuthorizationMatrix.commands.sorted(by: { $0.key < $1.key }) {
                let fields = scene.fill(row.fields, scene.foreign).replacing("$token", with: disabled)
                let socket = try await TestSocket.connect(to: scene.client, .none)
                _ = try await socket.frame("hello")
                socket.send(#"{"type":"\#(name)"\#(fields.isEmpty ? "" : ",")\#(fields)}"#)
                let code = "\(try await socket.closeStatus().code.rawValue)"
                #expect(code == row.answers[Persona.anonymous.rawValue], "\(name)")
                #expect(row.answers[Persona.disabled.rawValue] == "none")
                await #expect(throws: WebSocketClientError.self, "\(name)") {
                    _ = try await TestSocket.connect(to: scene.client, .header(disabled))
                }
            }
        }
    }

    @Test func `every WebSocket lets in those it should, and no others`() async throws {
        try await AuthorizationScene.run { scene in
            for (name, row) in AuthorizationMatrix.sockets.sorted(by: { $0.key < $1.key }) {
                let answers = row.split(separator: " ").map(String.init)
                try #require(answers.count == AuthorizationRow.columns)
                for persona in Persona.allCases {
                    let place = try await scene.makePlace(for: persona)
                    let chat = name == "chatSocket" ? place.chat : nil
                    let outcome = try await Self.connect(scene.cast.user(persona), to: chat, scene.client)
                    #expect(outcome == answers[persona.rawValue], "\(name), \(persona)")
                }
            }
        }
    }

    @Test func `a block closes the direct chat for who has blocked too, and no other chat`() async throws {
        try await AuthorizationScene.run { scene in
            let (owner, blocked) = (scene.cast.owner, scene.cast.member)
            let place = try await scene.makeDirect(between: owner, and: blocked)
            let group = try await scene.makePlace()
            try await scene.done(.put, "/users/me/blocks/\(blocked.id)", as: owner)
            let operations = try await Self.operations(scene.client)
            for (name, expected) in AuthorizationMatrix.blocked.sorted(by: { $0.key < $1.key }) {
                let operation = try #require(operations.first { $0.id == name })
                let row = try #require(AuthorizationMatrix.routes[name])
                let refused = try await scene.ask(operation, row, as: owner, at: place)
                Self.expect(refused, .init(expected[...]), "\(name), direct")
                guard operation.method == .get || name == "sendMessage" else { continue }
                let answer = try await scene.ask(operation, row, as: blocked, at: group)
                Self.expect(answer, row.answers[Persona.member.rawValue], "\(name), group")
            }
        }
    }

    private static func operations(_ client: TestClient) async throws -> [ContractDocument.Operation] {
        let answer = try await client.send(.get, "//openapi.json")
        return try ContractDocument(parsing: Array(answer.text.utf8)).operations
    }

    private static func expect(_ answer: TestAnswer, _ expected: AuthorizationRow.Answer, _ what: String) {
        #expect(answer.status == expected.status, "\(what): \(answer.object)")
        if let code = expected.code { #expect(answer.code == code, "\(what)") }
    }

    /// Waits until the socket has been told of the message that the chat was made with.
    private static func follow(_ place: AuthorizationScene.Place, _ socket: TestSocket) async throws {
        _ = try await socket.frame("the first message of the chat") {
            $0.string("type") == "message.new" && $0.object("message").string("message_id") == place.message
        }
    }

    /// What comes of a WebSocket, whose first word is none of its user's: `ready`, the code of its close, or a status.
    private static func connect(_ user: TestUser?, to chat: Int64?, _ client: TestClient) async throws -> String {
        let socket: TestSocket
        do throws(WebSocketClientError) {
            let authentication: TestSocket.Authentication = if let user { .header(user.token) } else { .none }
            socket = try await TestSocket.connect(to: client, authentication, chat: chat)
        } catch {
            return error.status.map { "\($0)" } ?? "\(error)"
        }
        defer { socket.connection.close() }
        if user == nil { socket.send(#"{"type":"ping"}"#) }
        try await socket.wait(for: "ready, or the end", evenClosed: true) {
            socket.isClosed || socket.count("ready") > 0
        }
        guard socket.count("ready") == 0 else { return "ready" }
        return "\(socket.connection.closeStatus?.code.rawValue ?? 0)"
    }

    /// What a command is answered: `ack`, `pong` or the code of an error.
    private static func ask(
        _ scene: AuthorizationScene,
        _ socket: TestSocket,
        _ name: String,
        _ row: AuthorizationMatrix.CommandRow,
        _ user: TestUser,
        _ place: AuthorizationScene.Place
    ) async throws -> String {
        let id = "\(name)-\(place.chat)"
        let fields = scene.fill(row.fields, place).replacing("$token", with: user.token)
        socket.send(#"{"type":"\#(name)","id":"\#(id)"\#(fields.isEmpty ? "" : ",")\#(fields)}"#)
        let answer = try await socket.frame("the answer to \(name)") { $0.string("id") == id }
        return answer.string("code") ?? answer.string("type") ?? ""
    }
}

import JSON
import Support
import Web

/// A server, the people of a matrix, and chats made for one request each, so that no request changes what the next gets.
///
/// Loop-bound.
final class AuthorizationScene {
    /// A chat and a message of its plain member.
    struct Place {
        let chat: Int64
        let message: String
    }

    let client: TestClient
    let cast: Cast
    /// Where none of the members is: the stranger's.
    let foreign: Place

    private init(_ scene: ServerScene, _ server: ServerUnderTest) async throws {
        client = scene.client(of: server)
        cast = try await Cast(client)
        let chat = try await client.makeGroup(by: cast.stranger)
        foreign = Place(chat: chat, message: try await Self.send(client, cast.stranger, chat))
        try await disable(cast.disabled, on: server)
    }

    /// Ends an account and waits until the node knows.
    private func disable(_ user: TestUser, on server: ServerUnderTest) async throws {
        let (status, output) = try await server.run(["user", "disable", user.username], within: .seconds(60))
        guard status == 0 else { throw TestSocket.Missing(output) }
        try await eventually("the token is refused") {
            try await client.send(.get, "/chats", token: user.token).status == 401
        }
    }

    /// Runs `body` in a scene of its own.
    static func run(_ body: @Sendable @escaping (AuthorizationScene) async throws -> Void) async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            try await body(AuthorizationScene(scene, server))
        }
    }

    /// A new chat with everybody in the part they play.
    func makePlace() async throws -> Place {
        let others = [cast.admin, cast.member, cast.former, cast.bystander]
        let chat = try await client.makeGroup(by: cast.owner, with: others)
        let path = "/chats/\(chat)/participants"
        try await done(.patch, "\(path)/\(cast.admin.id)", #"{"role":"admin"}"#, as: cast.owner)
        try await done(.delete, "\(path)/\(cast.former.id)", as: cast.owner)
        return Place(chat: chat, message: try await Self.send(client, cast.member, chat))
    }

    /// A new direct chat with a message of the second.
    func makeDirect(between first: TestUser, and second: TestUser) async throws -> Place {
        let body = #"{"type":"direct","participant_ids":[\#(second.id)]}"#
        let answer = try await client.send(.post, "/chats", body, token: first.token)
        guard let chat = answer.object.integer("chat_id") else { throw TestUser.Unexpected(answer: answer) }
        return Place(chat: chat, message: try await Self.send(client, second, chat))
    }

    /// Where a persona is asked for something: the blocked one in its direct chat, all others in a new chat.
    func makePlace(for persona: Persona, _ row: AuthorizationRow? = nil) async throws -> Place {
        guard persona == .blocked else {
            let place = try await makePlace()
            if let row { try await prepare(row, at: place) }
            return place
        }
        let (blocked, blocker) = (cast.blocked, cast.blocker)
        try await done(.delete, "/users/me/blocks/\(blocked.id)", as: blocker)
        try await done(.delete, "/users/me/blocks/\(blocker.id)", as: blocked)
        let place = try await makeDirect(between: blocker, and: blocked)
        if let row { try await prepare(row, at: place, as: blocked) }
        try await done(.put, "/users/me/blocks/\(blocked.id)", as: blocker)
        return place
    }

    /// Asks an operation of the document, everything in it that stands for something filled in.
    func ask(
        _ operation: ContractDocument.Operation,
        _ row: AuthorizationRow,
        as user: TestUser?,
        at place: Place
    ) async throws -> TestAnswer {
        var (token, session) = (user?.token, "00000000-0000-4000-8000-000000000000")
        // Who is disabled cannot log in either.
        if row.endsSession, let user, user.id != cast.disabled.id {
            (token, session) = try await anotherSession(of: user)
        }
        let other = user?.id == cast.blocked.id ? cast.blocker : cast.bystander
        let invite = try await operation.pattern.contains("{code}") ? makeInvite(into: place) : "none"
        let path =
            path(of: operation.pattern, at: place, session: session, other: other)
            .replacing("{code}", with: invite) + fill(row.query, place, other: other)
        let body = row.body.map {
            fill($0, place, other: other).replacing("$refresh", with: user?.refreshToken ?? "none")
        }
        return try await client.send(operation.method, "/" + path, body, token: token)
    }

    /// A pattern with the ids of a place; what `id` means depends on what it stands behind.
    private func path(of pattern: String, at place: Place, session: String, other: TestUser) -> String {
        let id =
            if pattern.contains("/users/") {
                "\(other.id)"
            } else if pattern.contains("/sessions/") {
                session
            } else {
                "\(place.chat)"
            }
        return pattern.replacing("{id}", with: id).replacing("{message_id}", with: place.message)
            .replacing("{user_id}", with: "\(other.id)").replacing("{emoji}", with: "%F0%9F%91%8D")
    }

    /// A new invite of its owner's; there is none into a direct chat.
    private func makeInvite(into place: Place) async throws -> String {
        let owner = place.chat == foreign.chat ? cast.stranger : cast.owner
        let made = try await client.send(.post, "/chats/\(place.chat)/invites", token: owner.token)
        return made.object.string("code") ?? "none"
    }

    /// Does what a row needs done, as the author of the message.
    private func prepare(_ row: AuthorizationRow, at place: Place, as author: TestUser? = nil) async throws {
        for step in row.before {
            let parts = step.split(separator: " ")
            let path = "/messages/\(place.message)\(parts.count > 1 ? String(parts[1]) : "")"
            try await done(HTTPMethod(String(parts[0])), path, as: author ?? cast.member)
        }
    }

    /// Fills in what stands for something.
    func fill(_ text: String, _ place: Place, other: TestUser? = nil) -> String {
        text.replacing("$chat", with: "\(place.chat)").replacing("$message", with: place.message)
            .replacing("$bystander", with: "\((other ?? cast.bystander).id)").replacing(
                "$newcomer",
                with: "\(cast.newcomer.id)"
            )
            .replacing("$owner", with: cast.owner.username)
            .replacing("$unique", with: "\(UInt32.random(in: 0...UInt32.max))")
    }

    /// Does what must succeed.
    func done(_ method: HTTPMethod, _ path: String, _ body: String? = nil, as user: TestUser) async throws {
        let answer = try await client.send(method, path, body, token: user.token)
        guard (200..<300).contains(answer.status) else { throw TestUser.Unexpected(answer: answer) }
    }

    private func anotherSession(of user: TestUser) async throws -> (token: String, session: String) {
        let body = #"{"username":"\#(user.username)","password":"\#(TestUser.password)"}"#
        let login = try await client.send(.post, "/auth/login", body)
        guard let token = login.object.string("access_token"), let session = login.object.string("session_id") else {
            throw TestUser.Unexpected(answer: login)
        }
        return (token, session)
    }

    private static func send(_ client: TestClient, _ user: TestUser, _ chat: Int64) async throws -> String {
        let answer = try await client.send(.post, "/chats/\(chat)/messages", #"{"content":"x"}"#, token: user.token)
        guard let id = answer.object.string("message_id") else { throw TestUser.Unexpected(answer: answer) }
        return id
    }
}

import JSON
import Postgres
import Support
import Testing
import Web

/// Sessions that end before their tokens do, over two nodes.
@Suite(.serialized, .realTime) struct ServerSessionTests {
    @Test func `a revoked session's sockets close with 4010 on every node, and its tokens are refused`() async throws {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            try await Self.revoke(nodes)
        }
    }

    @Test func `revoking needs no Redis`() async throws {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            scene.redis.kill()
            try await Self.revoke(nodes)
        }
    }

    /// Ada revokes, at the one node, the session of a phone whose socket is at the other.
    private static func revoke(_ nodes: NodePair) async throws {
        let (here, there, ada) = (nodes.clients[0], nodes.clients[1], nodes.ada)
        let phone = try await logIn(ada, at: there)
        let (own, other) = (
            try await TestSocket.ready(there, as: ada), try await TestSocket.ready(there, as: phone.user)
        )
        #expect(try await there.send(.get, "/chats", token: phone.user.token).status == 200)
        let answer = try await here.send(.delete, "/auth/sessions/\(phone.session)", token: ada.token)
        #expect(answer.status == 204)
        #expect(try await other.closeStatus(within: .seconds(30)).code.rawValue == 4010)
        let late = try await there.send(.get, "/chats", token: phone.user.token)
        #expect(late.status == 401 && late.code == "unauthenticated")
        #expect(try await here.send(.get, "/chats", token: phone.user.token).status == 401)
        let fields = #"{"refresh_token":"\#(phone.user.refreshToken)"}"#
        #expect(try await there.send(.post, "/auth/refresh", fields).status == 401)
        let error = await #expect(throws: WebSocketClientError.self) {
            _ = try await TestSocket.connect(to: there, .header(phone.user.token))
        }
        #expect(error?.status == 401)
        try await expectOpen(own)
        #expect(try await there.send(.get, "/auth/sessions", token: ada.token).items.count == 1)
    }

    @Test func `another password closes the other sockets, and a first frame of a revoked session is refused`()
        async throws
    {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            let (here, there, ada) = (nodes.clients[0], nodes.clients[1], nodes.ada)
            let phone = try await Self.logIn(ada, at: there).user
            let (own, other) = (
                try await TestSocket.ready(there, as: ada), try await TestSocket.ready(there, as: phone)
            )
            let fields = #"{"current_password":"\#(TestUser.password)","new_password":"battery staple"}"#
            #expect(try await here.send(.post, "/auth/password", fields, token: ada.token).status == 204)
            #expect(try await other.closeStatus(within: .seconds(30)).code.rawValue == 4010)
            try await Self.expectOpen(own)
            let late = try await TestSocket.connect(to: there, .none)
            late.send(#"{"type":"auth","token":"\#(phone.token)"}"#)
            #expect(try await late.closeStatus().code.rawValue == 4010)
        }
    }

    @Test func `the session that one too many ends loses sockets and tokens on every node, and the others live`()
        async throws
    {
        try await ServerScene.run { scene in
            let nodes = try await NodePair(scene)
            let (here, there, ada) = (nodes.clients[0], nodes.clients[1], nodes.ada)
            let phone = try await Self.logIn(ada, at: there)
            let (first, other) = (
                try await TestSocket.ready(there, as: ada), try await TestSocket.ready(there, as: phone.user)
            )
            // A hundred, all of them used later than the first.
            try await withPostgres(url: scene.stores.postgresURL) { client, _ in
                _ = try await client.execute(
                    """
                    INSERT INTO sessions (id, user_id, refresh_hash, last_used_at, expires_at)
                    SELECT gen_random_uuid(), \(ada.id), sha256(n::text::bytea), now() + interval '1 minute',
                           now() + interval '1 day'
                    FROM generate_series(1, 98) n
                    """
                )
                _ = try await client.execute(
                    """
                    UPDATE sessions SET last_used_at = now() + interval '1 minute' WHERE id::text = \(phone.session)
                    """
                )
            }
            #expect(try await there.send(.get, "/auth/sessions?limit=100", token: ada.token).items.count == 100)
            let newest = try await Self.logIn(ada, at: here)
            #expect(try await first.closeStatus(within: .seconds(30)).code.rawValue == 4010)
            for client in [here, there] {
                try await eventually("the token is refused") {
                    let late = try await client.send(.get, "/chats", token: ada.token)
                    return late.status == 401 && late.code == "unauthenticated"
                }
                let fields = #"{"refresh_token":"\#(ada.refreshToken)"}"#
                #expect(try await client.send(.post, "/auth/refresh", fields).status == 401)
                #expect(try await client.send(.get, "/chats", token: phone.user.token).status == 200)
                #expect(try await client.send(.get, "/chats", token: newest.user.token).status == 200)
            }
            try await Self.expectOpen(other)
            #expect(nodes.servers.allSatisfy { $0.isRunning })
        }
    }

    @Test func `operators make, promote and disable accounts while servers run`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            func run(_ password: String, _ arguments: String...) async throws -> (Int32?, String) {
                server.launcher = ["/bin/sh", "-c", #"printf '%s\n' '\#(password)' | "$0" "$@""#]
                return try await server.run(["user"] + arguments, within: .seconds(60))
            }
            let made = try await run(
                "battery staple",
                "create",
                "Root",
                "--email",
                "root@example.org",
                "--role",
                "admin"
            )
            #expect(made.0 == 0 && made.1.contains("Root is created") && !made.1.contains("staple"))
            let again = try await run("battery staple", "create", "root", "--email", "other@example.org")
            #expect(again.0 == 1 && again.1.contains("username"))
            #expect(try await run("short", "create", "eve", "--email", "eve@example.org").0 == 1)
            #expect(try await run("", "promote", "nobody", "--role", "admin").0 == 1)
            #expect(try await run("", "promote", "root", "--role", "king").0 == 2)
            #expect(try await run("battery staple", "create", "eve", "--password", "x").0 == 2)
            func logIn(_ password: String) async throws -> TestAnswer {
                try await client.send(.post, "/auth/login", #"{"username":"root","password":"\#(password)"}"#)
            }
            let token = try #require(try await logIn("battery staple").object.string("access_token"))
            #expect(try await client.send(.get, "/auth/me", token: token).object.string("role") == "admin")
            #expect(try await run("", "promote", "root", "--role", "moderator").0 == 0)
            #expect(try await client.send(.get, "/auth/me", token: token).object.string("role") == "moderator")
            let reset = try await run("another staple", "reset-password", "root")
            #expect(reset.0 == 0 && reset.1.contains("sessions ended: 1"))
            #expect(try await logIn("battery staple").status == 401)
            let second = try #require(try await logIn("another staple").object.string("access_token"))
            let socket = try await TestSocket.connect(to: client, .header(second))
            _ = try await socket.frame("ready")
            #expect(try await run("", "disable", "root").0 == 0)
            #expect(try await socket.closeStatus(within: .seconds(30)).code.rawValue == 4010)
            #expect(try await client.send(.get, "/chats", token: second).status == 401)
            #expect(try await logIn("another staple").code == "invalid_credentials")
        }
    }

    /// The pass that closes the sockets of revoked sessions is over, and this one still answers.
    private static func expectOpen(_ socket: TestSocket) async throws {
        socket.send(#"{"type":"ping"}"#)
        _ = try await socket.frame("pong")
        #expect(!socket.isClosed)
    }

    /// Another session of somebody.
    private static func logIn(_ user: TestUser, at client: TestClient) async throws -> (user: TestUser, session: String)
    {
        let fields = #"{"username":"\#(user.username)","password":"\#(TestUser.password)","device":"a phone"}"#
        let answer = try await client.send(.post, "/auth/login", fields)
        guard let token = answer.object.string("access_token"), let session = answer.object.string("session_id"),
            let refreshToken = answer.object.string("refresh_token")
        else { throw TestUser.Unexpected(answer: answer) }
        return (TestUser(id: user.id, username: user.username, token: token, refreshToken: refreshToken), session)
    }
}

import Domain
import Hashing
import JSON
import Mongo
import Postgres
import Security
import Support
import Testing
import Web

/// Text that attacks whoever takes it for more than text: it is kept as it came, and nobody but its readers notices.
@Suite(.realTime) struct ServerAttackTextTests {
    /// Words of the languages behind the API, of logs, of terminals and of browsers.
    private static let texts = [
        #"{"$ne":null}"#, #"{"$where":"sleep(5000)"}"#, "$where", "$gt.a.b", "a.b.$[].c", "$$ROOT",
        "'; DROP TABLE users; --", #"" OR 1=1 --"#, "x'); SELECT pg_sleep(60); --", #"\'; $$ DO $$ "#, "%_\\",
        "E'\\x00'",
        "\r\n*1\r\n$8\r\nFLUSHALL\r\n", "PING\r\nDEL *", "*[a-z]?{chat:1}", "{", "}{", "KEYS *",
        "\n{\"level\":\"error\",\"message\":\"forged\"}", "\u{1B}[2J\u{1B}]0;x\u{7}", "\u{202E}gnp.exe",
        "\u{7F}\u{85}\u{2028}",
        "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd", "%00%0d%0a", "\u{FEFF}\u{FFFF}",
    ]

    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `text is stored and answered as it came, by both stores`() async throws {
        try await AttackScene.run { scene in
            let (chat, ben) = (scene.scene.chat, scene.scene.ben)
            for text in Self.texts {
                let body = #"{"content":\#(Self.quoted(text))}"#
                let sent = try await scene.scene.call(.post, "/chats/\(chat)/messages", body, as: ben)
                #expect(sent.status == 201 && sent.object.string("content") == text, "\(text): \(sent.text)")
                let id = try #require(sent.object.string("message_id"))
                #expect(try await scene.stored(id) == .string(text))
                let draft = try await scene.scene.call(.put, "/chats/\(chat)/draft", body, as: ben)
                #expect(draft.status == 200 && draft.object.string("content") == text)
            }
            let history = try await scene.scene.client.history(of: chat, as: scene.scene.ada)
            #expect(history.compactMap { $0.string("content") } == ["hello"] + Self.texts)
            // In a search it is words of names, whatever else it may look like.
            for text in Self.texts {
                let asked = "/users?query=" + Self.percentEncoded(text)
                let answer = try await scene.scene.call(.get, asked, as: ben)
                let isControl = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
                #expect(isControl ? answer.code == "invalid_value" : answer.status == 200, "\(text): \(answer.text)")
                scene.expectNoLeak(answer, text)
            }
            #expect(try await scene.scene.scene.number("SELECT count(*)::text FROM users") == "3")
            try await scene.scene.scene.expectConsistency()
        }
    }

    @Test func `names keep what is harmless and refuse what is not`() async throws {
        try await AttackScene.run { scene in
            let ada = scene.scene.ada
            for text in Self.texts {
                let isControl = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
                let fields = #"{"name":\#(Self.quoted(text)),"description":\#(Self.quoted(text))}"#
                let answer = try await scene.scene.call(.patch, "/chats/\(scene.scene.chat)", fields, as: ada)
                if answer.status == 200 {
                    #expect(answer.object.string("name") == text && answer.object.string("description") == text)
                    let read = try await scene.scene.call(.get, "/chats/\(scene.scene.chat)", as: ada)
                    #expect(read.object.string("name") == text)
                } else {
                    #expect(
                        isControl && answer.status == 422 && answer.code == "invalid_content",
                        "\(text): \(answer.text)"
                    )
                }
                let account = #"{"username":\#(Self.quoted(text)),"email":"m@example.org","password":"battery staple"}"#
                let registered = try await scene.scene.call(.post, "/auth/register", account, as: ada)
                #expect(registered.status == 400 && registered.code == "invalid_value", "\(text): \(registered.text)")
                let login = #"{"username":\#(Self.quoted(text)),"password":\#(Self.quoted(text))}"#
                let refused = try await scene.scene.call(.post, "/auth/login", login, as: ada)
                #expect([400, 401, 429].contains(refused.status), "\(text): \(refused.text)")
                scene.expectNoLeak(refused, text)
            }
        }
    }

    @Test func `paths, queries and headers reach nothing beside them, and a line of the log stays one`() async throws {
        try await AttackScene.run { scene in
            let (chat, ben, server) = (scene.scene.chat, scene.scene.ben, scene.scene.server)
            let ticket = try await scene.scene.call(.post, "/ws/ticket", as: ben)
            let before = try await scene.contents()
            for path in Self.paths(chat: chat) {
                let answer = try await scene.scene.call(.get, path, as: ben)
                #expect([400, 404].contains(answer.status) && answer.code != nil, "\(path): \(answer.text)")
                scene.expectNoLeak(answer, path)
            }
            for ticket in [
                "*", "?", "%0d%0aDEL%20x", "..%2f*", "%7Bx%7D", "[a-z]*", String(repeating: "a", count: 4_000),
            ] {
                let error = await #expect(throws: WebSocketClientError.self, "\(ticket)") {
                    _ = try await TestSocket.connect(to: scene.scene.client, .ticket(ticket))
                }
                #expect(error?.status == 401, "\(ticket)")
            }
            try await Self.sendRawHeads(scene)
            #expect(try await scene.contents() == before)
            let good = try #require(ticket.object.string("ticket"))
            _ = try await TestSocket.connect(to: scene.scene.client, .ticket(good)).frame("ready")
            // The driver of MongoDB may speak up before anything of ours runs.
            for line in server.log.split(separator: "\n") where !line.contains("]:  WARNING:       mongoc:") {
                guard case .object(let entry)? = try? JSONValue(parsing: Array(line.utf8)) else {
                    Issue.record("no line of the log: \(line)")
                    continue
                }
                #expect(entry.string("message") != "forged" && entry.string("label") != nil, "\(line)")
            }
            #expect(server.log.contains(Self.forged), "the attack is in the log, as a path")
        }
    }

    private static let forged = percentEncoded("\n{\"level\":\"error\",\"message\":\"forged\"}")

    private static func paths(chat: Int64) -> [String] {
        [
            "/../../etc/passwd", "//docs/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd",
            "/chats/..%2f..%2fusers", "/chats/\(chat)/../../users/1", "/chats/\(chat)%00", "/chats/\(chat)%20OR%201=1",
            "/chats/\(chat);drop", "/chats/0x1", "/chats/+\(chat)", "/chats/-1", "/chats/99999999999999999999",
            "/chats/\(chat)/messages/%2e%2e", "/messages/\(chat)-1%0d%0aX-Evil:1", "/messages/\(chat)-1'",
            "/messages/-",
            "/users/1%20UNION%20SELECT", "/users/%7B%22$ne%22:1%7D", "/users/\(forged)", "/nothing/\(forged)",
            "/chats/\(chat)/messages?cursor=\(forged)", "/chats/\(chat)/messages?before[$gt]=1",
            "/chats/\(chat)/messages?limit=1;x", "/chats?cursor=../../x", "/users?query=a&query=b",
            "/chats/\(chat)/%E2%82",
        ]
    }

    /// Heads that a client of ours would not write: each is refused, or its value comes back nowhere.
    private static func sendRawHeads(_ scene: AttackScene) async throws {
        let client = scene.scene.client
        let authorized = "Host: x\r\nAuthorization: Bearer \(scene.scene.ben.token)\r\n"
        for (fields, status) in [
            ("X-Request-Id: a\rX-Evil: 1\r\n", 400), ("X-Request-Id: a\nX-Evil: 1\r\n", 400),
            ("X-Request-Id: a\0b\r\n", 400),
            ("X-Request-Id: a\r\n X-Evil: 1\r\n", 400), ("X-Request-Id: a\"}{\"level\":\"error\r\n", 200),
            ("X-Request-Id: %0d%0aX-Evil:1\r\n", 200), ("Origin: https://evil.example\r\n", 200),
            ("User-Agent: \u{1B}[31m${jndi:ldap://x}\r\n", 400), ("X-Forwarded-For: 10.0.0.1'--\r\n", 200),
            ("X-HTTP-Method-Override: DELETE\r\n", 200), ("Cookie: access_token=\(scene.eve.token)\r\n", 200),
        ] {
            let connection = try await HTTPClient.connect(
                port: client.port,
                loop: client.loop,
                resolver: client.resolver
            )
            defer { connection.close() }
            try connection.sendRaw(Array("GET /api/v1/auth/me HTTP/1.1\r\n\(authorized)\(fields)\r\n".utf8))
            let answer = try await connection.receive(deadline: .seconds(30))
            #expect(answer.status.code == status, "\(fields)")
            #expect(!answer.headers.contains("x-evil") && !answer.headers.contains("access-control-allow-origin"))
            let id = try #require(answer.headers["x-request-id"])
            #expect(id.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }, "\(id)")
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(status != 200 || text.contains(scene.scene.ben.username), "\(fields): \(text)")
        }
    }

    @Test func `a token is taken by no other key, algorithm or use than its own`() async throws {
        try await AttackScene.run { scene in
            let (ben, eve) = (scene.scene.ben, scene.eve)
            let claims = try #require(ben.token.split(separator: ".").dropFirst().first)
            let text = try #require(Base64URL.decode(String(claims)))
            let own = String(decoding: text, as: UTF8.self)
            // Signed as the server does it one is taken: it is for what is wrong with them that the others are not.
            let good = Self.token(#"{"alg":"HS256","typ":"JWT"}"#, own, key: ServerUnderTest.secret)
            let welcome = try await scene.scene.client.send(.get, "/auth/me", token: good)
            #expect(welcome.status == 200 && welcome.object.integer("user_id") == ben.id, "\(welcome.text)")
            let evil = own.replacing("\"\(ben.id)\"", with: "\"\(eve.id)\"")
            #expect(evil.contains("\"\(eve.id)\""))
            var tokens = [ben.refreshToken, "", ".", "..", "...", ben.token + ".", "Bearer " + ben.token]
            for algorithm in ["none", "None", "nOnE", "HS384", "HS512", "RS256", "ES256", "PS256", "", "HS256 "] {
                for key in ["", "secret", ServerUnderTest.secret, own, "-----BEGIN PUBLIC KEY-----"] {
                    let header = #"{"alg":"\#(algorithm)","typ":"JWT"}"#
                    tokens += [own, evil].map { Self.token(header, $0, key: key) }
                }
            }
            for header in [
                #"{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}"#, #"{"alg":"HS256","jwk":{"kty":"oct","k":""}}"#,
                #"{"alg":"HS256","jku":"https://evil.example/keys"}"#, #"{"alg":"HS256","x5u":"https://evil.example"}"#,
            ] { tokens += [own, evil].map { Self.token(header, $0, key: "") } }
            let before = try await scene.contents()
            for token in tokens {
                let answer = try await scene.scene.client.send(.get, "/auth/me", token: token)
                #expect(answer.status == 401 && answer.code == "unauthenticated", "\(token): \(answer.text)")
            }
            // And an access token is no refresh token.
            let refresh = #"{"refresh_token":"\#(ben.token)"}"#
            let answer = try await scene.scene.client.send(.post, "/auth/refresh", refresh)
            #expect(answer.status == 401)
            #expect(try await scene.contents() == before)
            #expect(try await scene.scene.call(.get, "/auth/me", as: ben).object.integer("user_id") == ben.id)
        }
    }

    private static func token(_ header: String, _ claims: String, key: String) -> String {
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return signed + "."
            + Base64URL.encode(HMACSHA256.authenticate(message: Array(signed.utf8), key: Array(key.utf8)))
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { $0 += "%" + ($1 < 16 ? "0" : "") + String($1, radix: 16) }
    }
}

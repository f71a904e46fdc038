import Domain
import IOCore
import JSON
import Security
import Storage
import Support
import Testing
import Web

/// What clients send that they should not: each gets its code, writes nothing, and leaves the server as it was.
@Suite(.realTime) struct ServerBadInputTests {
    /// A request and the answer it must get.
    private struct Case {
        let name: String
        let method: HTTPMethod
        let path: String
        let body: [UInt8]?
        let headers: [(name: String, value: String)]
        let status: Int
        let code: String

        init(
            _ name: String,
            _ method: HTTPMethod,
            _ path: String,
            _ body: String?,
            headers: [(name: String, value: String)] = [],
            _ status: Int,
            _ code: String
        ) {
            self.init(name, method, path, bytes: body.map { Array($0.utf8) }, headers: headers, status, code)
        }

        init(
            _ name: String,
            _ method: HTTPMethod,
            _ path: String,
            bytes: [UInt8]?,
            headers: [(name: String, value: String)] = [],
            _ status: Int,
            _ code: String
        ) {
            (self.name, self.method, self.path, self.body) = (name, method, path, bytes)
            (self.headers, self.status, self.code) = (headers, status, code)
        }
    }

    @Test
    func `a bad request gets its problem, and nothing is written`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let (ada, eve) = (try await client.makeUser("ada"), try await client.makeUser("eve"))
            let chat = try await client.makeGroup(by: ada)
            let foreign = try await client.makeGroup(by: eve)
            let before = try await scene.contents()
            for item in Self.requests(chat: chat, foreign: foreign) {
                let answer = try await client.send(
                    item.method,
                    item.path,
                    bytes: item.body,
                    token: ada.token,
                    headers: item.headers
                )
                #expect(answer.status == item.status, "\(item.name): \(answer.object)")
                #expect(answer.code == item.code, "\(item.name)")
                #expect(answer.headers["content-type"] == "application/problem+json", "\(item.name)")
                #expect(answer.object.string("request_id") == answer.headers["x-request-id"], "\(item.name)")
            }
            #expect(try await scene.contents() == before)
            let longest = String(repeating: "😀", count: 10_000)
            let sent = try await client.send(
                .post,
                "/chats/\(chat)/messages",
                #"{"content":"\#(longest)"}"#,
                token: ada.token
            )
            #expect(sent.status == 201)
            #expect(try await client.history(of: chat, as: ada).map { $0.string("content") } == [longest])
        }
    }

    private static func requests(chat: Int64, foreign: Int64) -> [Case] {
        let path = "/chats/\(chat)/messages"
        let invalid: [UInt8] = Array(#"{"content":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        let register = #""email":"x@example.org","password":"correct horse battery staple""#
        let emoji = String(repeating: "😀", count: 10_001)
        let nested = String(repeating: "[", count: 5_000)
        let name = String(repeating: "n", count: 201)
        return [
            Case("malformed", .post, path, #"{"content":"#, 400, "invalid_json"),
            Case("not an object", .post, path, #"["content"]"#, 400, "invalid_json"),
            Case("empty body", .post, path, "", 400, "invalid_json"),
            Case("unknown field", .post, path, #"{"content":"x","seq":7}"#, 400, "unknown_field"),
            Case("wrong type", .post, path, #"{"content":7}"#, 400, "invalid_value"),
            Case("missing field", .post, path, "{}", 400, "invalid_value"),
            Case("duplicate field", .post, path, #"{"content":"a","content":"b"}"#, 400, "invalid_json"),
            Case("invalid UTF-8", .post, path, bytes: invalid, 400, "invalid_json"),
            Case("escaped NUL", .post, path, #"{"content":"a\u0000b"}"#, 400, "invalid_json"),
            Case("bare NUL", .post, path, bytes: Array(#"{"content":"a"#.utf8) + [0, 34, 125], 400, "invalid_json"),
            Case("lone surrogate", .post, path, #"{"content":"\ud800"}"#, 400, "invalid_json"),
            Case("nested", .post, path, #"{"content":"x","mentions":\#(nested)"#, 400, "invalid_json"),
            Case("empty content", .post, path, #"{"content":""}"#, 422, "empty"),
            Case("long content", .post, path, #"{"content":"\#(emoji)"}"#, 422, "too_long"),
            Case("foreign chat", .post, "/chats/\(foreign)/messages", #"{"content":"x"}"#, 404, "chat_not_found"),
            Case("no such chat", .post, "/chats/987654/messages", #"{"content":"x"}"#, 404, "chat_not_found"),
            Case("chat that is no number", .post, "/chats/one/messages", #"{"content":"x"}"#, 400, "invalid_value"),
            Case("foreign history", .get, "/chats/\(foreign)/messages", nil, 404, "chat_not_found"),
            Case("foreign members", .get, "/chats/\(foreign)/participants", nil, 404, "chat_not_found"),
            Case("leaving a foreign chat", .delete, "/chats/\(foreign)", nil, 404, "chat_not_found"),
            Case(
                "reply elsewhere",
                .post,
                path,
                #"{"content":"x","reply_to":"\#(foreign)-1"}"#,
                404,
                "message_not_found"
            ),
            Case("reply to none", .post, path, #"{"content":"x","reply_to":"\#(chat)-99"}"#, 404, "message_not_found"),
            Case("system message", .post, path, #"{"content":"x","type":"system"}"#, 400, "invalid_value"),
            Case("id that is no UUID", .post, path, #"{"content":"x","client_msg_id":"1"}"#, 400, "invalid_value"),
            Case(
                "not JSON",
                .post,
                path,
                "content=x",
                headers: [("Content-Type", "text/plain")],
                415,
                "unsupported_media_type"
            ),
            Case(
                "compressed",
                .post,
                path,
                bytes: [0x1F, 0x8B, 0x08, 0x00],
                headers: [("Content-Encoding", "gzip")],
                415,
                "unsupported_media_type"
            ),
            Case("huge body", .post, path, String(repeating: " ", count: 2 << 20), 413, "payload_too_large"),
            Case("page too large", .get, path + "?limit=101", nil, 400, "limit_exceeded"),
            Case("unknown query", .get, path + "?offset=3", nil, 400, "unknown_field"),
            Case(
                "long name",
                .post,
                "/chats",
                #"{"type":"group","name":"\#(name)","participant_ids":[]}"#,
                422,
                "too_long"
            ),
            Case("no user", .post, "/chats", #"{"type":"direct","participant_ids":[98765]}"#, 404, "user_not_found"),
            Case("username", .post, "/auth/register", #"{"username":"a b",\#(register)}"#, 400, "invalid_value"),
            Case(
                "long username",
                .post,
                "/auth/register",
                #"{"username":"\#(name)",\#(register)}"#,
                400,
                "invalid_value"
            ),
            Case("method", .delete, path, nil, 405, "method_not_allowed"),
            Case("path", .get, "/nothing", nil, 404, "not_found"),
        ]
    }

    @Test
    func `only an unexpired token that this server signed lets in, and never from a URL`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            for (name, token, code) in try Self.badTokens(of: ada) {
                let answer = try await client.send(.get, "/auth/me", token: token)
                #expect(answer.status == 401 && answer.code == code, "\(name): \(answer.object)")
                #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer") == true, "\(name)")
                let error = await #expect(throws: WebSocketClientError.self, "\(name)") {
                    _ = try await TestSocket.connect(to: client, .header(token))
                }
                #expect(error?.status == 401, "\(name)")
                let late = try await TestSocket.connect(to: client, .none)
                late.send(#"{"type":"auth","token":"\#(token)"}"#)
                let status = try await late.closeStatus()
                #expect(status.code.rawValue == 4001, "\(name)")
            }
            let none = try await client.send(.get, "/auth/me")
            #expect(none.status == 401 && none.code == "unauthenticated")
            let inURL = try await client.send(.get, "/auth/me?access_token=\(ada.token)", token: ada.token)
            #expect(inURL.status == 401 && inURL.code == "unauthenticated")
            for name in ["token", "access_token"] {
                let error = await #expect(throws: WebSocketClientError.self) {
                    _ = try await TestSocket.connect(to: client, .none, query: "\(name)=\(ada.token)")
                }
                #expect(error?.status == 401)
            }
            #expect(try await client.send(.get, "/auth/me", token: ada.token).status == 200)
        }
    }

    private static func badTokens(of user: TestUser) throws -> [(String, String, String)] {
        let parts = user.token.split(separator: ".").map(String.init)
        let session = SessionID.random()
        let id = UserID(rawValue: user.id)
        let past = Timestamp(milliseconds: 1_000_000_000_000)
        let ours = AccessTokenAuthority(secret: try SigningSecret(ServerUnderTest.secret))
        let theirs = AccessTokenAuthority(secret: try SigningSecret(String(repeating: "another secret ", count: 4)))
        let future = Timestamp(milliseconds: 4_000_000_000_000)
        // {"alg":"none","typ":"JWT"}
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
        return [
            ("expired", ours.issue(user: id, session: session, now: past).text, "token_expired"),
            ("forged", theirs.issue(user: id, session: session, now: future).text, "unauthenticated"),
            ("alg none", "\(none).\(parts[1]).", "unauthenticated"),
            ("alg none, signed", "\(none).\(parts[1]).\(parts[2])", "unauthenticated"),
            ("other signature", "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))", "unauthenticated"),
            ("not a token", "abc", "unauthenticated"),
        ]
    }

    @Test
    func `an id is one message for ever, and another body under it is refused`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let chat = try await client.makeGroup(by: ada)
            let path = "/chats/\(chat)/messages"
            let uuid = "9f0c3a52-5f0f-4f3e-9d0b-2f6a1c7d8e90"
            for (key, value) in [("Idempotency-Key", uuid), ("Idempotency-Key", "order-1")] {
                func send(_ text: String) async throws -> TestAnswer {
                    let body = #"{"content":"\#(text)"}"#
                    return try await client.send(.post, path, body, token: ada.token, headers: [(key, value)])
                }
                let first = try await send("one")
                #expect(first.status == 201 && first.object.bool("duplicate") != true)
                let again = try await send("one")
                #expect(again.status == 200 && again.object.bool("duplicate") == true)
                #expect(again.object.integer("seq") == first.object.integer("seq"))
                let other = try await send("two")
                #expect(other.status == 422 && other.code == "idempotency_mismatch")
            }
            let socket = try await TestSocket.ready(client, as: ada)
            socket.sendMessage("by socket", to: chat, id: "1", clientID: "0d9b7c8e-8d0b-4b8e-8f50-0b9d8d8c7a61")
            socket.sendMessage("by socket", to: chat, id: "2", clientID: "0d9b7c8e-8d0b-4b8e-8f50-0b9d8d8c7a61")
            let acks = [try await socket.frame("ack"), try await socket.frame("ack")]
            #expect(Set(acks.map { $0.integer("seq") }) == [3])
            #expect(acks.map { $0.bool("duplicate") } == [false, true])
            socket.sendMessage("else", to: chat, id: "3", clientID: "0d9b7c8e-8d0b-4b8e-8f50-0b9d8d8c7a61")
            #expect(try await socket.frame("error").string("code") == "idempotency_mismatch")
            #expect(try await client.history(of: chat, as: ada).count == 3)
            try await scene.expectConsistency()
        }
    }
}

import IOCore
import JSON
import Storage
import Support
import Testing
import Web

/// What clients send over sockets that they should not.
@Suite(.realTime) struct ServerSocketTests {
    @Test
    func `a bad command gets its error, writes nothing and leaves the socket open`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let (ada, eve) = (try await client.makeUser("ada"), try await client.makeUser("eve"))
            let chat = try await client.makeGroup(by: ada)
            let foreign = try await client.makeGroup(by: eve)
            let socket = try await TestSocket.ready(client, as: ada)
            let before = try await scene.contents()
            for (frame, code) in Self.commands(chat: chat, foreign: foreign) {
                socket.send(frame)
                let error = try await socket.frame("error")
                #expect(error.string("code") == code, "\(frame.prefix(100)): \(error)")
                #expect(error.bool("retryable") == false)
            }
            #expect(try await scene.contents() == before)
            socket.sendMessage(String(repeating: "😀", count: 10_000), to: chat, id: "longest")
            #expect(try await socket.frame("ack").integer("seq") == 1)
        }
    }

    @Test(arguments: ["on", "off"])
    func `messages are compressed for a client that offers it, unless the server is told not to`(
        setting: String
    ) async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer(["WEBSOCKET_COMPRESSION": setting])
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let chat = try await client.makeGroup(by: ada)
            let offering = try await TestSocket.connect(
                to: client,
                .header(ada.token),
                compression: DeflateContexts()
            )
            #expect(offering.connection.isCompressed == (setting == "on"))
            let plain = try await TestSocket.connect(to: client, .header(ada.token))
            for socket in [offering, plain] { _ = try await socket.frame("ready") }
            let content = String(repeating: "all work and no play ", count: 200)
            offering.sendMessage(content, to: chat, id: "long")
            for socket in [offering, plain] {
                let event = try await socket.frame("message.new")
                #expect(event.object("message").string("content") == content)
            }
        }
    }

    private static func commands(chat: Int64, foreign: Int64) -> [(String, String)] {
        func message(_ fields: String, to chat: Int64) -> String {
            #"{"type":"message","id":"c","chat_id":\#(chat),\#(fields)}"#
        }
        let emoji = String(repeating: "😀", count: 10_001)
        let nested = String(repeating: "[", count: 1_000)
        return [
            ("nonsense", "invalid_json"),
            ("[]", "invalid_json"),
            ("{\"type\":\"ping\"", "invalid_json"),
            (#"{"type":"ping","deep":\#(nested)"#, "invalid_json"),
            (message(#""content":"a\u0000b""#, to: chat), "invalid_json"),
            (#"{"type":"shout"}"#, "invalid_value"),
            (#"{"id":"c"}"#, "invalid_value"),
            (#"{"type":7}"#, "invalid_value"),
            (#"{"type":"ping","more":1}"#, "unknown_field"),
            (message(#""content":"x","sender_id":1"#, to: chat), "unknown_field"),
            (message(#""content":7"#, to: chat), "invalid_value"),
            (message(#""content":"""#, to: chat), "empty"),
            (message(#""content":"\#(emoji)""#, to: chat), "too_long"),
            (message(#""content":"x","client_msg_id":"1""#, to: chat), "invalid_value"),
            (message(#""content":"x","reply_to":"\#(foreign)-1""#, to: chat), "message_not_found"),
            (message(#""content":"x""#, to: foreign), "chat_not_found"),
            (message(#""content":"x""#, to: 987_654), "chat_not_found"),
            (message(#""content":"x""#, to: -1), "chat_not_found"),
        ]
    }

    @Test
    func `a bad frame closes its socket with its code, and only that one`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let bystander = try await TestSocket.ready(client, as: ada)
            func close(_ breach: (TestSocket) -> Void) async throws -> UInt16 {
                let socket = try await TestSocket.ready(client, as: ada)
                breach(socket)
                return try await socket.closeStatus().code.rawValue
            }
            #expect(try await close { _ = $0.connection.sendBinary([1, 2, 3]) } == 4000)
            #expect(try await close { $0.send(String(repeating: " ", count: 131_073)) } == 1009)
            #expect(try await close { _ = $0.connection.sendText([0xC3, 0x28]) } == 1007)
            #expect(try await close { $0.send(#"{"type":"auth","token":"x"}"#) } == 4001)

            let stranger = try await TestSocket.connect(to: client, .none)
            stranger.send(#"{"type":"ping"}"#)
            #expect(try await stranger.closeStatus().code.rawValue == 4001)
            let largest = #"{"type":"ping","id":1}"#
            bystander.send(largest + String(repeating: " ", count: 131_072 - largest.utf8.count))
            #expect(try await bystander.frame("pong").integer("id") == 1)
        }
    }

    @Test
    func `who says nothing for five seconds is not waited for`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let start = scene.loop.now
            let socket = try await TestSocket.connect(to: client, .none)
            _ = try await socket.frame("hello")
            #expect(try await socket.closeStatus(within: .seconds(30)).code.rawValue == 4001)
            #expect(scene.loop.now - start > .seconds(4))
        }
    }

    @Test
    func `an origin that is not listed is refused, and one that is or none passes`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer(["ALLOWED_ORIGINS": "https://chat.example.org"])
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            for origin in ["https://evil.example.org", "null", "https://chat.example.org.evil.org"] {
                let error = await #expect(throws: WebSocketClientError.self) {
                    _ = try await TestSocket.connect(to: client, .header(ada.token), headers: [("Origin", origin)])
                }
                #expect(error?.status == 403)
            }
            let ours = try await TestSocket.connect(
                to: client,
                .header(ada.token),
                headers: [("Origin", "https://chat.example.org")]
            )
            _ = try await ours.frame("ready")
            _ = try await TestSocket.ready(client, as: ada)
        }
    }

    @Test
    func `a session that logged out gets no socket, though its token has not expired`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            #expect(try await client.send(.post, "/auth/logout", token: ada.token).status == 204)
            let error = await #expect(throws: WebSocketClientError.self) {
                _ = try await TestSocket.connect(to: client, .header(ada.token))
            }
            #expect(error?.status == 401)
            let refresh = try await client.send(.post, "/auth/refresh", #"{"refresh_token":"\#(ada.refreshToken)"}"#)
            #expect(refresh.status == 401)
        }
    }
}

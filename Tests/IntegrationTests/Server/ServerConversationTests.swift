import IOCore
import JSON
import Support
import Testing
import Web

/// People who talk through the executable itself.
@Suite(.realTime) struct ServerConversationTests {
    @Test
    func `a conversation goes through however its people authenticate`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            var users: [TestUser] = []
            for name in ["ada", "ben", "cyd", "dee"] { users.append(try await client.makeUser(name)) }
            let chat = try await client.makeGroup(by: users[0], with: Array(users[1...]))
            let sockets = try await Self.openInFourWays(client, users)
            for (socket, user) in zip(sockets, users) {
                #expect(try await socket.frame("hello").integer("heartbeat_ms") == 15_000)
                let ready = try await socket.frame("ready")
                #expect(ready.integer("user_id") == user.id)
                #expect(ready.objects("chats").map { $0.integer("chat_id") } == [chat])
                // The creation counts as announced a moment later, and then comes as an event.
                #expect((0...1).contains(try #require(ready.objects("chats").first?.integer("last_offset"))))
            }
            for number in 0..<20 {
                sockets[number % 4].sendMessage("line \(number) – 🎈", to: chat, id: "c\(number)")
                let ack = try await sockets[number % 4].frame("ack")
                #expect(ack.string("id") == "c\(number)")
                #expect(ack.integer("seq") == Int64(number + 1))
                #expect(ack.integer("offset") == Int64(number + 2))
                #expect(ack.string("message_id") == "\(chat)-\(number + 1)")
                #expect(ack.bool("duplicate") == false)
            }
            for socket in sockets {
                try await socket.wait(for: "all messages") { socket.count("message.new") >= 20 }
                let events = socket.takeAll("message.new")
                #expect(events.map { $0.integer("offset") } == (2...21).map { Int64($0) })
                #expect(
                    events.map { $0.object("message").string("content") } == (0..<20).map { "line \($0) – 🎈" }
                )
                _ = socket.takeAll("chat.created")
                _ = socket.takeAll("presence")
                #expect(socket.frames.isEmpty)
            }
            let history = try await client.history(of: chat, as: users[3])
            #expect(history.map { $0.string("content") } == (0..<20).map { "line \($0) – 🎈" })
            #expect(history.map { $0.integer("sender_id") } == (0..<20).map { users[$0 % 4].id })
        }
    }

    @Test
    func `a socket answers pings and takes fresh tokens of its own user only`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let ben = try await client.makeUser("ben")
            let socket = try await TestSocket.ready(client, as: ada)
            socket.send(#"{"type":"ping","id":7}"#)
            #expect(try await socket.frame("pong").integer("id") == 7)
            let answer = try await client.send(.post, "/auth/refresh", #"{"refresh_token":"\#(ada.refreshToken)"}"#)
            let fresh = try #require(answer.object.string("access_token"))
            socket.send(#"{"type":"auth","id":"a","token":"\#(fresh)"}"#)
            #expect(try await socket.frame("ack").string("id") == "a")
            socket.send(#"{"type":"auth","id":"b","token":"\#(ben.token)"}"#)
            #expect(try await socket.frame("error").string("code") == "forbidden")
            socket.send(#"{"type":"auth","token":"nonsense"}"#)
            #expect(try await socket.closeStatus().code.rawValue == 4001)
        }
    }

    @Test
    func `a ticket opens one socket only`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let ticket = try #require(
                try await client.send(.post, "/ws/ticket", token: ada.token).object.string("ticket")
            )
            let first = try await TestSocket.connect(to: client, .ticket(ticket))
            #expect(try await first.frame("ready").integer("user_id") == ada.id)
            let error = await #expect(throws: WebSocketClientError.self) {
                _ = try await TestSocket.connect(to: client, .ticket(ticket))
            }
            #expect(error?.status == 401)
        }
    }

    @Test
    func `every heartbeat names the heads that changed since the last`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let chat = try await client.makeGroup(by: ada)
            let socket = try await TestSocket.ready(client, as: ada)
            socket.sendMessage("now", to: chat, id: "1")
            _ = try await socket.frame("ack")
            // One may have come before the message.
            try await socket.wait(for: "a heartbeat", within: .seconds(60)) {
                socket.heartbeats.contains { $0.object("heads").integer("\(chat)") == 2 }
            }
        }
    }

    private static func openInFourWays(_ client: TestClient, _ users: [TestUser]) async throws -> [TestSocket] {
        let ticket = try #require(
            try await client.send(.post, "/ws/ticket", token: users[2].token).object.string("ticket")
        )
        let sockets = [
            try await TestSocket.connect(to: client, .header(users[0].token)),
            try await TestSocket.connect(to: client, .subprotocol(users[1].token)),
            try await TestSocket.connect(to: client, .ticket(ticket)),
            try await TestSocket.connect(to: client, .none),
        ]
        #expect(sockets[1].connection.subprotocol == "duologue.v1")
        sockets[3].send(#"{"type":"auth","token":"\#(users[3].token)"}"#)
        return sockets
    }
}

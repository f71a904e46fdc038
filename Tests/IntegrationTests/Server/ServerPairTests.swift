import IOCore
import JSON
import Storage
import Support
import Testing
import Web

/// Two processes on the same stores are one server to those who talk.
@Suite(.realTime) struct ServerPairTests {
    /// Two servers, a client of each, and two people.
    private struct Pair {
        let servers: [ServerUnderTest]
        let clients: [TestClient]
        let ada: TestUser
        let ben: TestUser

        init(_ scene: ServerScene) async throws {
            servers = [try await scene.startServer(), try await scene.startServer()]
            clients = servers.map(scene.client(of:))
            ada = try await clients[0].makeUser("ada")
            ben = try await clients[1].makeUser("ben")
        }
    }

    @Test
    func `what two nodes send at once reaches everyone once and in order`() async throws {
        try await ServerScene.run { scene in
            let pair = try await Pair(scene)
            let chat = try await pair.clients[0].makeGroup(by: pair.ada, with: [pair.ben])
            var sockets: [TestSocket] = []
            for client in pair.clients {
                for user in [pair.ada, pair.ben] { sockets.append(try await TestSocket.ready(client, as: user)) }
            }
            for number in 0..<50 {
                for (index, socket) in sockets.enumerated() {
                    socket.sendMessage("\(index):\(number)", to: chat, id: "\(number)")
                }
            }
            for (index, socket) in sockets.enumerated() {
                try await socket.wait(for: "200 messages", within: .seconds(120)) { socket.count("message.new") >= 200 }
                let events = socket.takeAll("message.new")
                #expect(events.map { $0.integer("offset") } == (2...201).map { Int64($0) })
                let contents = events.compactMap { $0.object("message").string("content") }
                #expect(Set(contents).count == 200)
                for sender in 0..<4 {
                    let ofSender = contents.filter { $0.hasPrefix("\(sender):") }
                    #expect(ofSender == (0..<50).map { "\(sender):\($0)" })
                }
                try await socket.wait(for: "50 acks by \(index)") { socket.count("ack") == 50 }
                #expect(socket.count("error") == 0)
            }
            try await scene.expectConsistency()
        }
    }

    @Test
    func `a new chat and a departure reach the other node, and nothing after the departure`() async throws {
        try await ServerScene.run { scene in
            let pair = try await Pair(scene)
            let adas = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            let chat = try await pair.clients[0].makeGroup(by: pair.ada, with: [pair.ben])
            for socket in [adas, bens] {
                let created = try await socket.frame("chat.created")
                #expect(created.integer("chat_id") == chat)
                #expect(created.integer("offset") == 1)
            }
            #expect(try await pair.clients[0].send(.delete, "/chats/\(chat)", token: pair.ben.token).status == 204)
            for number in 0..<20 { adas.sendMessage("after \(number)", to: chat, id: "\(number)") }
            try await adas.wait(for: "20 acks") { adas.count("ack") == 20 }
            #expect(try await bens.frame("participant.removed").integer("user_id") == pair.ben.id)
            // Another chat's event, sent later on the same way, comes after whatever was still to come.
            let other = try await pair.clients[0].makeGroup(by: pair.ada, with: [pair.ben])
            #expect(try await bens.frame("chat.created").integer("chat_id") == other)
            _ = bens.takeAll("presence")
            #expect(bens.frames.isEmpty)
            bens.sendMessage("let me in", to: chat, id: "x")
            #expect(try await bens.frame("error").string("code") == "chat_not_found")
            let history = try await pair.clients[1].send(.get, "/chats/\(chat)/messages", token: pair.ben.token)
            #expect(history.status == 404 && history.code == "chat_not_found")
        }
    }

    @Test
    func `without Redis sends go on and the other node finds them by its head checks`() async throws {
        try await ServerScene.run { scene in
            let pair = try await Pair(scene)
            let chat = try await pair.clients[0].makeGroup(by: pair.ada, with: [pair.ben])
            let adas = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            func send(_ numbers: Range<Int>) async throws {
                for number in numbers {
                    adas.sendMessage("\(number)", to: chat, id: "\(number)")
                    _ = try await adas.frame("ack")
                }
            }
            try await send(0..<10)
            scene.redis.kill()
            try await send(10..<20)
            let history = try await pair.clients[1].history(of: chat, as: pair.ben)
            #expect(history.count == 20)
            try await bens.wait(for: "20 messages", within: .seconds(60)) { bens.count("message.new") >= 20 }
            try await scene.redis.start()
            try await send(20..<30)
            try await bens.wait(for: "30 messages", within: .seconds(60)) { bens.count("message.new") >= 30 }
            for socket in [adas, bens] {
                let offsets = socket.takeAll("message.new").map { $0.integer("offset") }
                #expect(offsets == (2...31).map { Int64($0) })
            }
            #expect(adas.count("error") == 0)
        }
    }

    @Test
    func `on a Redis Cluster each hears the other, through a failover too`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await ServerScene.run(redisURL: cluster.url) { scene in
            let pair = try await Pair(scene)
            var chats: [Int64] = []
            for _ in 0..<8 { chats.append(try await pair.clients[0].makeGroup(by: pair.ada, with: [pair.ben])) }
            let adas = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            func send(_ numbers: Range<Int>) async throws {
                for number in numbers {
                    adas.sendMessage("\(number)", to: chats[number % chats.count], id: "\(number)")
                    _ = try await adas.frame("ack")
                }
            }
            try await send(0..<40)
            // Far sooner than heads are compared: this comes through the cluster.
            try await bens.wait(for: "40 messages", within: .seconds(12)) { bens.count("message.new") >= 40 }
            cluster.kill(0)
            try await send(40..<80)
            try await bens.wait(for: "80 messages", within: .seconds(60)) { bens.count("message.new") >= 80 }
            try await eventually("the channels are heard again") {
                let heard = bens.count("message.new")
                try await send(heard..<(heard + chats.count))
                return await arrive(heard + chats.count, at: bens)
            }
            let events = bens.takeAll("message.new")
            for chat in chats {
                let offsets = events.filter { $0.integer("chat_id") == chat }.map { $0.integer("offset") ?? 0 }
                #expect(offsets == (2..<Int64(2 + offsets.count)).map { $0 })
            }
            #expect(adas.count("error") == 0)
        }
    }

    /// Whether so many messages arrive as soon as a live event does.
    private func arrive(_ count: Int, at socket: TestSocket) async -> Bool {
        (try? await socket.wait(for: "\(count) messages", within: .milliseconds(500)) {
            socket.count("message.new") >= count
        }) != nil
    }
}

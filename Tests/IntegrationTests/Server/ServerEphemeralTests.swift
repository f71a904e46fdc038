import IOCore
import JSON
import Support
import Testing
import Web

/// Typing, read marks and receipts, over two processes on the same stores.
@Suite(.realTime) struct ServerEphemeralTests {
    @Test
    func `typing reaches the other node, and ends by sending, by closing and by itself`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            let (clients, ada, ben, chat) = (pair.clients, pair.ada, pair.ben, pair.chat)
            defer { withExtendedLifetime(pair) {} }
            let eve = try await clients[0].makeUser("eve")
            let adas = try await TestSocket.ready(clients[0], as: ada)
            let bens = try await TestSocket.ready(clients[1], as: ben)
            let eves = try await TestSocket.ready(clients[0], as: eve)
            func type(_ state: String, on socket: TestSocket = adas) {
                socket.send(#"{"type":"typing","id":"t","chat_id":\#(chat),"state":"\#(state)"}"#)
            }

            let begin = scene.loop.now
            type("start")
            #expect(try await adas.frame("ack").string("id") == "t")
            let start = try await bens.frame("typing.start")
            #expect(start.integer("chat_id") == chat && start.integer("user_id") == ada.id)
            #expect(try await bens.frame("typing.stop").integer("user_id") == ada.id)
            let life = scene.loop.now - begin
            #expect(life > .seconds(3), "it ended by itself after \(life)")

            // A machine too busy to tell it from an end by itself shows nothing, and tries again.
            func endEarly(
                _ what: String,
                from socket: () async throws -> TestSocket,
                _ act: (TestSocket) async throws -> Void
            ) async throws {
                try await eventually("typing ends by \(what)") {
                    let typist = try await socket()
                    let begin = scene.loop.now
                    type("start", on: typist)
                    _ = try await bens.frame("typing.start")
                    try await act(typist)
                    _ = try await bens.frame("typing.stop")
                    return scene.loop.now - begin < .seconds(5)
                }
            }
            try await endEarly("sending", from: { adas }) { typist in
                typist.sendMessage("hello", to: chat, id: "1")
                _ = try await bens.frame("message.new")
            }
            adas.connection.close()
            try await endEarly("closing", from: { try await TestSocket.ready(clients[0], as: ada) }) { typist in
                typist.connection.close()
            }

            type("start", on: eves)
            #expect(try await eves.frame("error").string("code") == "chat_not_found")
            #expect(eves.count("typing.start") == 0 && bens.count("typing.start") == 0)
        }
    }

    @Test
    func `reading on one node is told to the members on both, and to the reader's other devices`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            let (clients, ada, ben, chat) = (pair.clients, pair.ada, pair.ben, pair.chat)
            defer { withExtendedLifetime(pair) {} }
            let adas = try await TestSocket.ready(clients[0], as: ada)
            let bens = try await TestSocket.ready(clients[1], as: ben)
            let phone = try await TestSocket.ready(clients[0], as: ben)
            for number in 1...5 { adas.sendMessage("\(number)", to: chat, id: "\(number)") }
            try await bens.wait(for: "5 messages") { bens.count("message.new") == 5 }
            // At once: the redo of the last message may not be dropped yet.
            bens.send(#"{"type":"read","id":"r","chat_id":\#(chat),"seq":5}"#)
            let ack = try await bens.frame("ack")
            #expect(ack.string("id") == "r" && ack.integer("chat_id") == chat && ack.integer("offset") == nil)
            #expect(ack.string("message_id") == "\(chat)-5")
            for socket in [adas, bens, phone] {
                let receipt = try await socket.frame("receipt")
                #expect(receipt.integer("chat_id") == chat && receipt.integer("user_id") == ben.id)
                #expect(receipt.integer("read_seq") == 5)
            }

            bens.send(#"{"type":"read","id":"far","chat_id":\#(chat),"seq":6}"#)
            #expect(try await bens.frame("error").string("code") == "invalid_value")
            bens.send(#"{"type":"read","id":"none","chat_id":999999,"seq":1}"#)
            #expect(try await bens.frame("error").string("code") == "chat_not_found")
            let answer = try await clients[0].send(.post, "/chats/\(chat)/read", #"{"seq":3}"#, token: ada.token)
            #expect(answer.status == 200 && answer.object.integer("read_seq") == 3)
            #expect(answer.object.integer("unread") == 0, "one's own do not count")
            #expect(try await bens.frame("receipt").integer("user_id") == ada.id)
            let list = try await clients[1].send(.get, "/chats/\(chat)/receipts", token: ada.token)
            #expect(list.items.map { $0.integer("read_seq") } == [3, 5])

            let again = try await TestSocket.connect(to: clients[0], .header(ben.token))
            let heads = try await again.frame("ready").objects("chats")
            #expect(heads.map { $0.integer("read_seq") } == [5] && heads.map { $0.integer("unread") } == [0])
        }
    }

    @Test
    func `a reader that stops reading loses what is ephemeral first, and then catches up`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            defer { withExtendedLifetime(server) {} }
            let client = scene.client(of: server)
            let (ada, ben) = (try await client.makeUser("ada"), try await client.makeUser("ben"))
            let chat = try await client.makeGroup(by: ada, with: [ben])
            let adas = try await TestSocket.ready(client, as: ada)
            let bens = try await TestSocket.ready(client, as: ben)
            let text = String(repeating: "🙂", count: 9_000)
            var sent = 0
            func say() async throws {
                sent += 1
                adas.sendMessage(text, to: chat, id: "\(sent)")
                _ = try await adas.frame("ack") { $0.string("id") == "\(sent)" }
                _ = adas.takeAll("message.new")
            }
            try await say()
            _ = try await bens.frame("message.new")

            // Fills what the kernel takes for a socket nobody reads, and then half of the server's queue.
            bens.isPaused = true
            func shed() async throws -> Int {
                let page = try await client.send(.get, "//metrics").text
                let line = page.split(separator: "\n").first { $0.hasPrefix("duologue_ephemeral_shed_total ") }
                return line.flatMap { Int($0.split(separator: " ")[1]) } ?? -1
            }
            var marks = 0
            while try await shed() < 1, sent < 600 {
                try await say()
                marks += 1
                adas.send(#"{"type":"read","id":"r\#(marks)","chat_id":\#(chat),"seq":\#(sent)}"#)
                _ = try await adas.frame("a reply") { $0.string("id") == "r\(marks)" }
                _ = adas.takeAll("receipt")
            }
            #expect(try await shed() >= 1, "after \(sent) messages")
            // What is durable still waits for the reader, in order and without a hole.
            bens.isPaused = false
            try await bens.wait(for: "all messages", within: .seconds(120)) { bens.count("message.new") == sent - 1 }
            let sequences = bens.takeAll("message.new").map { $0.object("message").integer("seq") }
            #expect(sequences == (2...sent).map { Int64($0) })
            #expect(bens.count("receipt") < marks && !bens.isClosed)
        }
    }
}

import IOCore
import JSON
import Support
import Testing
import Web

/// Clients that come back and go on from where they were.
@Suite(.realTime) struct ServerResumeTests {
    private static func resume(_ epoch: String, _ cursors: [Int64: Int64]) -> String {
        let pairs = cursors.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return #"{"type":"resume","epoch":"\#(epoch)","cursors":{\#(pairs.joined(separator: ","))}}"#
    }

    private static func epoch(_ socket: TestSocket) async throws -> String {
        try #require(try await socket.frame("hello").string("epoch"))
    }

    @Test
    func `hello, ready, what was missed, resumed, then what happens, in this order`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let (ada, bob) = (try await client.makeUser("ada"), try await client.makeUser("bob"))
            let chat = try await client.makeGroup(by: ada, with: [bob])
            let quiet = try await client.makeGroup(by: ada, with: [bob])
            let writer = try await TestSocket.ready(client, as: ada)
            for number in 1...5 {
                writer.sendMessage("\(number)", to: chat, id: "\(number)")
                _ = try await writer.frame("ack")
            }
            try await scene.expectConsistency()
            let socket = try await TestSocket.connect(to: client, .header(bob.token), query: "resume=1")
            let epoch = try await Self.epoch(socket)
            socket.send(Self.resume(epoch, [chat: 3, quiet: 1, 999: 4]))
            _ = try await socket.frame("resumed") { $0.string("type") == "resumed" && socket.count("message.new") == 3 }
            let types = socket.frames.compactMap { $0.string("type") }.filter { $0 != "presence" }
            #expect(types == ["ready", "message.new", "message.new", "message.new"])
            #expect(socket.takeAll("message.new").map { $0.integer("offset") } == [4, 5, 6])
            writer.sendMessage("6", to: chat, id: "6")
            #expect(try await socket.frame("message.new").integer("offset") == 7)
            socket.send(Self.resume(epoch, [:]))
            #expect(try await socket.frame("error").string("code") == "conflict")
        }
    }

    @Test
    func `resumed tells of every chat what was sent, that it begins anew, or that it is gone`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let (ada, bob) = (try await client.makeUser("ada"), try await client.makeUser("bob"))
            let chats = [
                try await client.makeGroup(by: ada, with: [bob]), try await client.makeGroup(by: ada, with: [bob]),
                try await client.makeGroup(by: ada, with: [bob]),
            ]
            let writer = try await TestSocket.ready(client, as: ada)
            for number in 1...101 { writer.sendMessage("\(number)", to: chats[1], id: "\(number)") }
            try await writer.wait(for: "acks") { writer.count("ack") == 101 }
            let left = try await client.send(.delete, "/chats/\(chats[2])", token: bob.token)
            #expect(left.status == 204)
            try await scene.expectConsistency()
            let socket = try await TestSocket.connect(to: client, .header(bob.token), query: "resume=1")
            let epoch = try await Self.epoch(socket)
            socket.send(Self.resume(epoch, [chats[0]: 1, chats[1]: 1, chats[2]: 1]))
            let resumed = try await socket.frame("resumed")
            let answers = resumed.objects("chats")
            #expect(answers.map { $0.integer("chat_id") } == chats)
            #expect(socket.count("message.new") == 0)
            #expect(answers.first?.integer("from") == 2 && answers.first?.integer("to") == 1)
            #expect(answers.dropFirst().first?.bool("reset") == true)
            #expect(answers.dropFirst().first?.integer("last_offset") == 102)
            #expect(answers.last?.bool("gone") == true)
        }
    }

    @Test
    func `who asks to resume and says nothing is taken in after a while, and bad cursors are refused`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let start = scene.loop.now
            let silent = try await TestSocket.connect(to: client, .header(ada.token), query: "resume=1")
            let bad = try await TestSocket.connect(to: client, .header(ada.token), query: "resume=1")
            let frames = [
                #"{"type":"resume","cursors":{}}"#, #"{"type":"resume","epoch":"e","cursors":{"x":1}}"#,
                #"{"type":"resume","epoch":"e","cursors":{"1":-1}}"#, #"{"type":"resume","epoch":"e","cursors":[]}"#,
                #"{"type":"resume","epoch":"e","cursors":{"01":1}}"#,
                #"{"type":"resume","epoch":"e","cursors":{"1":9223372036854775807}}"#,
            ]
            // All at once: who takes five seconds is taken in.
            for frame in frames { bad.send(frame) }
            bad.send(#"{"type":"resume","epoch":"e","cursors":{}}"#)
            _ = try await bad.frame("resumed")
            let codes = bad.takeAll("error").map { $0.string("code") }
            #expect(codes == frames.map { _ in "invalid_value" })
            _ = try await silent.frame("ready")
            #expect(scene.loop.now - start > .seconds(4) && silent.count("resumed") == 0)
            let error = await #expect(throws: WebSocketClientError.self) {
                _ = try await TestSocket.connect(to: client, .header(ada.token), query: "resume=yes")
            }
            #expect(error?.status == 400)
        }
    }

    @Test
    func `a reader that takes its time gets all it missed, however much`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let (ada, bob) = (try await client.makeUser("ada"), try await client.makeUser("bob"))
            let chat = try await client.makeGroup(by: ada, with: [bob])
            let writer = try await TestSocket.ready(client, as: ada)
            let long = String(repeating: "日", count: 10_000)
            for number in 1...90 {
                writer.sendMessage(long, to: chat, id: "\(number)")
                _ = try await writer.frame("ack")
                _ = writer.takeAll("message.new")
            }
            try await scene.expectConsistency()
            let socket = try await TestSocket.connect(to: client, .header(bob.token), query: "resume=1")
            let epoch = try await Self.epoch(socket)
            socket.send(Self.resume(epoch, [chat: 1]))
            // 2.7 MB, ten times what a socket may leave unread.
            _ = try await socket.frame("resumed", within: .seconds(120))
            let offsets = socket.takeAll("message.new").compactMap { $0.integer("offset") }
            #expect(offsets == Array(2...91))
        }
    }

    @Test
    func `a socket of one chat hears of no other, and is refused to strangers`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let (ada, bob) = (try await client.makeUser("ada"), try await client.makeUser("bob"))
            let chats = [
                try await client.makeGroup(by: ada, with: [bob]), try await client.makeGroup(by: ada, with: [bob]),
            ]
            try await scene.expectConsistency()
            let one = try await TestSocket.connect(to: client, .header(bob.token), chat: chats[1])
            let ready = try await one.frame("ready")
            #expect(ready.objects("chats").map { $0.integer("chat_id") } == [chats[1]])
            let writer = try await TestSocket.ready(client, as: ada)
            let third = try await client.makeGroup(by: ada, with: [bob])
            for chat in [chats[0], third, chats[1]] {
                writer.sendMessage("to \(chat)", to: chat, id: "m")
                _ = try await writer.frame("ack")
            }
            #expect(try await one.frame("message.new").integer("chat_id") == chats[1])
            #expect(one.count("message.new") == 0 && one.count("chat.created") == 0)
            let eve = try await client.makeUser("eve")
            let stranger = try await TestSocket.connect(to: client, .header(eve.token), chat: chats[1])
            #expect(try await stranger.closeStatus().code.rawValue == 4003)
            #expect(stranger.count("ready") == 0)
        }
    }
}

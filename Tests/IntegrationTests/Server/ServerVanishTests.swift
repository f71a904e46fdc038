import IOCore
import JSON
import Support
import Testing
import Web

/// Clients that vanish without a word while they are told what they missed.
@Suite(.realTime) struct ServerVanishTests {
    @Test
    func `a client that vanishes while it resumes is given up, and its next connection gets everything`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer(["SOCKET_SILENCE_SECONDS": "12"])
            let client = scene.client(of: server)
            let (ada, ben) = (try await client.makeUser("ada"), try await client.makeUser("ben"))
            let chat = try await client.makeGroup(by: ada, with: [ben])
            let writer = try await TestSocket.ready(client, as: ada)
            // More than the kernel and the queue of a socket hold together.
            let long = String(repeating: "日", count: 10_000)
            for number in 1...90 {
                writer.sendMessage(long, to: chat, id: "\(number)")
                _ = try await writer.frame("ack")
                _ = writer.takeAll("message.new")
            }
            try await scene.expectConsistency()
            let line = try await TCPProxy(to: server.port)
            let far = TestClient(port: line.port, loop: scene.loop, resolver: scene.resolver)
            var vanished: [TestSocket] = []
            for _ in 0..<3 {
                let socket = try await TestSocket.connect(to: far, .header(ben.token), query: "resume=1")
                try await Self.resume(socket, chat)
                _ = try await socket.frame("message.new")
                socket.isPaused = true
                vanished.append(socket)
            }
            await line.change(to: .blackHole)
            try await eventually("only the writer is left") {
                try await client.send(.get, "//metrics").text.contains("duologue_sockets 1\n")
            }
            let again = try await TestSocket.connect(to: client, .header(ben.token), query: "resume=1")
            try await Self.resume(again, chat)
            _ = try await again.frame("resumed", within: .seconds(60))
            #expect(again.takeAll("message.new").compactMap { $0.integer("offset") } == Array(2...91))
            withExtendedLifetime(vanished) {}
            await line.close()
        }
    }

    private static func resume(_ socket: TestSocket, _ chat: Int64) async throws {
        let epoch = try #require(try await socket.frame("hello").string("epoch"))
        socket.send(#"{"type":"resume","epoch":"\#(epoch)","cursors":{"\#(chat)":1}}"#)
    }
}

import IOCore
import Postgres
import Support
import Testing
import Web

/// What one client may take of a server, and how a server lets go of its clients.
@Suite(.realTime) struct ServerSocketLimitTests {
    @Test
    func `sockets of a user and from an address are limited, and a place is free again when one closes`()
        async throws
    {
        try await ServerScene.run { scene in
            let server = try await scene.startServer([
                "MAX_SOCKETS_PER_USER": "2", "MAX_SOCKETS_PER_ADDRESS": "4", "SOCKET_AUTH_SECONDS": "60",
            ])
            let client = scene.client(of: server)
            let (ada, bob) = (try await client.makeUser("ada"), try await client.makeUser("bob"))
            let first = try await TestSocket.ready(client, as: ada)
            _ = try await TestSocket.ready(client, as: ada)
            let third = try await TestSocket.connect(to: client, .header(ada.token))
            let ofUser = try await third.closeStatus()
            #expect(ofUser.code.rawValue == 4009 && ofUser.reason.contains("user"))
            _ = try await TestSocket.ready(client, as: bob)
            // Who has not said who they are takes a place too.
            _ = try await TestSocket.connect(to: client, .none)
            let fifth = try await TestSocket.connect(to: client, .none)
            let ofAddress = try await fifth.closeStatus()
            #expect(ofAddress.code.rawValue == 4009 && ofAddress.reason.contains("address"))
            first.connection.close()
            _ = try await first.closeStatus()
            try await eventually("the place is free") {
                let again = try await TestSocket.connect(to: client, .header(ada.token))
                return (try? await again.frame("ready")) != nil
            }
        }
    }

    @Test
    func `a client that sends more frames than it may is closed and told why`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer(["FRAMES_PER_SECOND": "5"])
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let calm = try await TestSocket.ready(client, as: ada)
            for _ in 0..<40 { calm.send(#"{"type":"ping"}"#) }
            try await calm.wait(for: "pongs") { calm.count("pong") == 40 }
            let hasty = try await TestSocket.ready(client, as: ada)
            for _ in 0..<100 { hasty.send(#"{"type":"ping"}"#) }
            let status = try await hasty.closeStatus()
            #expect(status.code.rawValue == 4009 && status.reason.contains("5 frames"))
            #expect(!calm.isClosed)
        }
    }

    @Test
    func `who is in more chats than one socket follows is told so, and opens one for a chat`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer(["MAX_CHATS_PER_SOCKET": "2"])
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            var chats: [Int64] = []
            for _ in 0..<2 { chats.append(try await client.makeGroup(by: ada)) }
            _ = try await TestSocket.ready(client, as: ada)
            chats.append(try await client.makeGroup(by: ada))
            let socket = try await TestSocket.connect(to: client, .header(ada.token))
            let status = try await socket.closeStatus()
            #expect(status.code.rawValue == 4009 && status.reason.contains("too many chats"))
            let one = try await TestSocket.connect(to: client, .header(ada.token), chat: chats[2])
            _ = try await one.frame("ready")
        }
    }

    @Test
    func `a client that is silent for too long counts as dead, one that answers pings does not`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer(["SOCKET_SILENCE_SECONDS": "12"])
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let alive = try await TestSocket.ready(client, as: ada)
            let line = try await TCPProxy(to: server.port)
            let far = TestClient(port: line.port, loop: scene.loop, resolver: scene.resolver)
            let dead = try await TestSocket.ready(far, as: ada)
            await line.change(to: .blackHole)
            try await eventually("one socket is left") {
                try await client.send(.get, "//metrics").text.contains("duologue_sockets 1\n")
            }
            #expect(!alive.isClosed)
            withExtendedLifetime(dead) {}
            await line.close()
        }
    }

    @Test
    func `a server that stops tells its sockets one after the other, and answers what they sent`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer(["DRAIN_SECONDS": "10"])
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let chat = try await client.makeGroup(by: ada)
            var sockets: [TestSocket] = []
            // Three seconds of them, so that no pause of this process makes all of it look like one moment.
            for _ in 0..<150 { sockets.append(try await TestSocket.ready(client, as: ada)) }
            for index in 0..<20 { sockets[index].sendMessage("last words", to: chat, id: "\(index)") }
            let begin = scene.loop.now
            server.terminate()
            var firstEnd: ContinuousClock.Instant?
            try await eventually("all closed") {
                if firstEnd == nil, sockets.contains(where: \.isClosed) { firstEnd = scene.loop.now }
                return sockets.allSatisfy(\.isClosed)
            }
            let spread = scene.loop.now - (firstEnd ?? begin)
            #expect(spread > .milliseconds(250), "closed within \(spread)")
            for socket in sockets {
                #expect(socket.connection.closeStatus?.code.rawValue == 1001)
                #expect(socket.count("error") == 0)
            }
            #expect(try await server.exitStatus(within: .seconds(60)) == 0)
            // What came too late was not read; nothing was written that was not answered.
            let acks = sockets.reduce(0) { $0 + $1.count("ack") }
            #expect(try await scene.number("SELECT count(*)::text FROM message_metadata") == "\(acks)")
        }
    }
}

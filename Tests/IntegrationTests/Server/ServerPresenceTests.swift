import IOCore
import JSON
import Support
import Testing
import Web

/// Presence over two processes on the same stores.
@Suite(.realTime) struct ServerPresenceTests {
    private static func presence(
        _ socket: TestSocket,
        of user: TestUser,
        within: Duration = .seconds(30)
    ) async throws
        -> JSONObject
    {
        try await socket.frame("presence of \(user.username)", within: within) {
            $0.string("type") == "presence" && $0.integer("user_id") == user.id
        }
    }

    private static func say(_ status: String, on socket: TestSocket) {
        socket.send(#"{"type":"presence","status":"\#(status)"}"#)
    }

    @Test
    func `devices on two nodes add up, a reconnect does not show, and leaving does`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            defer { withExtendedLifetime(pair) {} }
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            let phone = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            let online = try await Self.presence(bens, of: pair.ada)
            #expect(online.string("status") == "online" && online["last_seen"] == .null)
            // A newcomer is told who is there already.
            #expect(try await Self.presence(phone, of: pair.ben).string("status") == "online")

            let desk = try await TestSocket.ready(pair.clients[1], as: pair.ada)
            Self.say("dnd", on: desk)
            _ = try await Self.presence(bens, of: pair.ada) { $0 == "dnd" }
            _ = try await Self.presence(phone, of: pair.ada) { $0 == "dnd" }
            Self.say("away", on: desk)
            _ = try await Self.presence(bens, of: pair.ada) { $0 == "online" }
            Self.say("away", on: phone)
            _ = try await Self.presence(bens, of: pair.ada) { $0 == "away" }

            // All devices are gone for a moment, and one comes back on the other node.
            var devices = [phone, desk]
            try await eventually("she is back within four seconds") {
                let gone = scene.loop.now
                for device in devices { device.connection.close() }
                await scene.loop.sleep(for: .seconds(1))
                devices = [try await TestSocket.ready(pair.clients[1], as: pair.ada)]
                _ = try await Self.presence(bens, of: pair.ada) { $0 == "online" }
                if scene.loop.now - gone < .seconds(4) { return true }
                // A machine so slow shows nothing, and tries again.
                Self.say("away", on: devices[0])
                _ = try await Self.presence(bens, of: pair.ada) { $0 == "away" }
                _ = bens.takeAll("presence")
                return false
            }
            #expect(!bens.frames.contains { $0.string("status") == "offline" })
            let left = scene.loop.now
            for device in devices { device.connection.close() }
            let offline = try await Self.presence(bens, of: pair.ada) { $0 == "offline" }
            #expect(scene.loop.now - left > .seconds(4))
            let seen = try #require(offline.string("last_seen"))
            try await eventually("last_seen is written") {
                let user = try await pair.clients[0].send(.get, "/users/\(pair.ada.id)", token: pair.ben.token)
                return user.object.string("last_seen") == seen
            }
        }
    }

    @Test
    func `the invisible look offline to others, and strangers see nobody`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            defer { withExtendedLifetime(pair) {} }
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            let eve = try await pair.clients[1].makeUser("eve")
            let eves = try await TestSocket.ready(pair.clients[1], as: eve)
            let adas = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            #expect(try await Self.presence(bens, of: pair.ada).string("status") == "online")
            Self.say("invisible", on: adas)
            // A newcomer's look around may tell once more who is online.
            let hidden = try await Self.presence(bens, of: pair.ada) { $0 == "offline" }
            #expect(hidden.string("last_seen") != nil)
            _ = try await Self.presence(adas, of: pair.ada) { $0 == "invisible" }
            let late = try await TestSocket.ready(pair.clients[0], as: pair.ben)
            Self.say("dnd", on: late)
            _ = try await Self.presence(adas, of: pair.ben) { $0 == "dnd" }
            #expect(!late.frames.contains { $0.integer("user_id") == pair.ada.id })
            #expect(eves.frames.allSatisfy { $0.integer("user_id") == eve.id })
            adas.send(#"{"type":"presence","id":"p","status":"offline"}"#)
            #expect(try await adas.frame("error").string("code") == "invalid_value")
        }
    }

    @Test
    func `those who come to share a chat while they are connected are told of each other`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            defer { withExtendedLifetime(pair) {} }
            let eve = try await pair.clients[1].makeUser("eve")
            let adas = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            let eves = try await TestSocket.ready(pair.clients[1], as: eve)
            // Told to their own devices, and so to everybody who is to know.
            for (socket, user) in [(adas, pair.ada), (eves, eve)] {
                Self.say("away", on: socket)
                _ = try await Self.presence(socket, of: user) { $0 == "away" }
            }
            _ = try await pair.clients[0].makeGroup(by: pair.ada, with: [eve])
            #expect(try await Self.presence(adas, of: eve).string("status") == "away")
            #expect(try await Self.presence(eves, of: pair.ada).string("status") == "away")
        }
    }

    @Test
    func `the users of a node that is killed are offline once its word has run out`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene, ["PRESENCE_TTL": "12"])
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            let adas = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            #expect(try await Self.presence(bens, of: pair.ada).string("status") == "online")
            // Longer than it holds by itself: the node repeats it.
            await scene.loop.sleep(for: .seconds(14))
            #expect(!bens.frames.contains { $0.string("status") == "offline" } && !adas.isClosed)
            _ = bens.takeAll("presence")
            pair.servers[0].kill()
            let offline = try await Self.presence(bens, of: pair.ada) { $0 == "offline" }
            #expect(offline.string("last_seen") != nil)
        }
    }

    @Test
    func `what changes while Redis is away is told once it is back, also to those who came meanwhile`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            let eve = try await pair.clients[0].makeUser("eve")
            _ = try await pair.clients[0].makeGroup(by: eve, with: [pair.ben])
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            let adas = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            let eves = try await TestSocket.ready(pair.clients[0], as: eve)
            for user in [pair.ada, eve] { _ = try await Self.presence(bens, of: user) { $0 == "online" } }
            scene.redis.kill()
            try await eventually("the nodes notice") {
                pair.servers.allSatisfy { $0.log.contains("presence is unknown") }
            }
            Self.say("dnd", on: adas)
            eves.connection.close()
            let late = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            try await scene.redis.start()
            for socket in [bens, late] { _ = try await Self.presence(socket, of: pair.ada) { $0 == "dnd" } }
            _ = try await Self.presence(bens, of: eve) { $0 == "offline" }
            #expect(!bens.isClosed && !adas.isClosed)
        }
    }

    private static func presence(
        _ socket: TestSocket,
        of user: TestUser,
        where fits: (String?) -> Bool
    ) async throws -> JSONObject {
        try await socket.frame("presence of \(user.username)") {
            $0.string("type") == "presence" && $0.integer("user_id") == user.id && fits($0.string("status"))
        }
    }
}

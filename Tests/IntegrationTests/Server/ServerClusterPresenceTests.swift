import IOCore
import JSON
import Support
import Testing
import Web

/// Presence and typing of two processes on a Redis Cluster of three masters.
@Suite(.realTime) struct ServerClusterPresenceTests {
    /// People on the first node, whom somebody on the second watches.
    private struct Cast {
        let cluster: PrivateRedisCluster
        let pair: NodePair
        let people: [(user: TestUser, socket: TestSocket)]
        let watcher: TestSocket

        func say(_ status: String) {
            for person in people { person.socket.send(#"{"type":"presence","status":"\#(status)"}"#) }
        }

        func expect(_ status: String, at socket: TestSocket? = nil) async throws {
            for person in people {
                let user = person.user
                _ = try await (socket ?? watcher).frame("\(user.username) \(status)", within: .seconds(60)) {
                    $0.string("type") == "presence" && $0.integer("user_id") == user.id
                        && $0.string("status") == status
                }
            }
        }

        /// Types until it is heard: what is ephemeral may be lost while a master is away.
        func expectTyping() async throws {
            let socket = try await TestSocket.ready(pair.clients[0], as: pair.ada)
            for type in ["typing.start", "typing.stop"] { _ = watcher.takeAll(type) }
            try await eventually("typing is heard") {
                socket.send(#"{"type":"typing","chat_id":\#(pair.chat),"state":"start"}"#)
                return (try? await watcher.frame("typing.start", within: .seconds(4)))?.integer("user_id")
                    == pair.ada.id
            }
            socket.connection.close()
            _ = try? await watcher.frame("typing.stop", within: .seconds(10))
        }
    }

    private static let peopleCount = 6

    private static func run(_ body: @Sendable @escaping (Cast) async throws -> Void) async throws {
        let cluster = try await PrivateRedisCluster()
        try await ServerScene.run(redisURL: cluster.url) { scene in
            let pair = try await NodePair(scene, ["PRESENCE_TTL": "6"])
            defer { withExtendedLifetime(pair) {} }
            let watcher = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            // Their numbers follow each other, and so their presence is spread over the masters.
            var people: [(user: TestUser, socket: TestSocket)] = []
            for number in 0..<peopleCount {
                let user = try await pair.clients[0].makeUser("person\(number)")
                _ = try await pair.clients[0].makeGroup(by: user, with: [pair.ben])
                people.append((user, try await TestSocket.ready(pair.clients[0], as: user)))
            }
            let cast = Cast(cluster: cluster, pair: pair, people: people, watcher: watcher)
            try await cast.expect("online")
            try await body(cast)
            #expect(!watcher.isClosed)
        }
    }

    @Test
    func `presence and typing pass between nodes on a Redis Cluster, through a failover and the death of a node`()
        async throws
    {
        try await Self.run { cast in
            try await cast.expectTyping()
            cast.cluster.kill(0)
            cast.say("dnd")
            try await cast.expect("dnd")
            try await cast.expectTyping()

            // A newcomer asks the cluster for all of them at once.
            let late = try await TestSocket.ready(cast.pair.clients[1], as: cast.pair.ben)
            try await cast.expect("dnd", at: late)
            cast.pair.servers[0].kill()
            try await cast.expect("offline")
            #expect(!late.isClosed)
        }
    }

    @Test
    func `a master that stands still holds up nobody for long, nor does its return`() async throws {
        try await Self.run { cast in
            cast.cluster.freeze(1)
            cast.say("dnd")
            try await cast.expect("dnd")
            cast.cluster.thaw(1)
            cast.say("away")
            try await cast.expect("away")
            try await cast.expectTyping()
        }
    }
}

import IOCore
import JSON
import Support
import Testing
import Web

/// Presence and typing of two processes on a Redis Cluster of three masters.
@Suite(.realTime) struct ServerClusterPresenceTests {
    private static let peopleCount = 6

    @Test
    func `presence and typing pass between nodes on a Redis Cluster, through a failover and the death of a node`()
        async throws
    {
        let cluster = try await PrivateRedisCluster()
        try await ServerScene.run(redisURL: cluster.url) { scene in
            let pair = try await NodePair(scene, ["PRESENCE_TTL": "6"])
            let bens = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            // Their numbers follow each other, and so their presence is spread over the masters.
            var people: [(user: TestUser, socket: TestSocket)] = []
            for number in 0..<Self.peopleCount {
                let user = try await pair.clients[0].makeUser("person\(number)")
                _ = try await pair.clients[0].makeGroup(by: user, with: [pair.ben])
                people.append((user, try await TestSocket.ready(pair.clients[0], as: user)))
            }
            for person in people { try await Self.expect("online", of: person.user, at: bens) }
            try await Self.type(in: pair.chat, as: pair.ada, on: pair.clients[0], heardBy: bens)

            cluster.kill(0)
            for person in people { person.socket.send(#"{"type":"presence","status":"dnd"}"#) }
            for person in people { try await Self.expect("dnd", of: person.user, at: bens) }
            try await Self.type(in: pair.chat, as: pair.ada, on: pair.clients[0], heardBy: bens)

            // A newcomer asks the cluster for all of them at once.
            let late = try await TestSocket.ready(pair.clients[1], as: pair.ben)
            for person in people { try await Self.expect("dnd", of: person.user, at: late) }

            pair.servers[0].kill()
            for person in people { try await Self.expect("offline", of: person.user, at: bens) }
            #expect(!bens.isClosed && !late.isClosed)
        }
    }

    private static func expect(_ status: String, of user: TestUser, at socket: TestSocket) async throws {
        _ = try await socket.frame("\(user.username) \(status)", within: .seconds(60)) {
            $0.string("type") == "presence" && $0.integer("user_id") == user.id && $0.string("status") == status
        }
    }

    /// Types until it is heard: what is ephemeral may be lost while a master is away.
    private static func type(
        in chat: Int64,
        as user: TestUser,
        on client: TestClient,
        heardBy other: TestSocket
    ) async throws {
        let socket = try await TestSocket.ready(client, as: user)
        for type in ["typing.start", "typing.stop"] { _ = other.takeAll(type) }
        try await eventually("typing is heard") {
            socket.send(#"{"type":"typing","chat_id":\#(chat),"state":"start"}"#)
            return (try? await other.frame("typing.start", within: .seconds(4)))?.integer("user_id") == user.id
        }
        socket.connection.close()
        _ = try? await other.frame("typing.stop", within: .seconds(10))
    }
}

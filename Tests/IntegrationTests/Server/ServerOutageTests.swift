import IOCore
import JSON
import Storage
import Support
import Testing
import Web

/// Stores that are away when the server starts, or go away under load.
@Suite(.realTime) struct ServerOutageTests {
    /// From a command to its answer, whatever the stores do.
    private static let limit = Duration.seconds(20)
    private static let refusals: Set<String> = ["store_unavailable", "overloaded", "in_flight"]

    @Test
    func `a server whose Postgres is down says so, waits, and comes up with it`() async throws {
        let postgres = try await PrivatePostgres()
        try await Self.run(postgresURL: postgres.url, mongoURL: ServerScene.mongoURL) { scene in
            postgres.kill()
            let server = try ServerUnderTest(stores: scene.stores)
            try server.launch()
            try await server.waitForLog("waiting for a store")
            #expect(server.log.contains(#""store":"postgres""#))
            #expect(!server.log.contains(#""store":"mongo""#))
            let client = scene.client(of: server)
            #expect(try await client.send(.get, "//health/live").status == 200)
            for path in ["//health/ready", "//health"] {
                let health = try await client.send(.get, path)
                #expect(health.status == 503)
                let stores = health.object.object("stores")
                #expect(stores.object("postgres").string("status") == "down")
                #expect(stores.object("postgres").string("reason")?.isEmpty == false)
                #expect(stores.object("mongo").string("status") == "ok")
                #expect(stores.object("redis").string("status") == "ok")
            }
            let socket = try await client.send(.get, "/ws")
            #expect(socket.status == 503 && socket.headers["retry-after"] != nil)
            let login = try await client.send(.post, "/auth/login", #"{"username":"ada","password":"12345678"}"#)
            #expect(login.status == 503 && login.headers["retry-after"] != nil)

            try await postgres.start()
            try await server.waitForLog(ServerUnderTest.readiness)
            try await eventually("it is ready") { try await client.send(.get, "//health/ready").status == 200 }
            let ada = try await client.makeUser("ada")
            _ = try await TestSocket.ready(client, as: ada)
        }
    }

    @Test
    func `when Postgres is killed under load callers learn it in time and nothing acked is lost`() async throws {
        let postgres = try await PrivatePostgres()
        try await Self.run(postgresURL: postgres.url, mongoURL: ServerScene.mongoURL) { scene in
            try await Self.outage(scene) {
                postgres.kill()
            } end: {
                try await postgres.start()
            }
        }
    }

    @Test
    func `when MongoDB is killed under load callers learn it in time and nothing acked is lost`() async throws {
        let postgres = try await PrivatePostgres()
        let mongo = try await PrivateMongoServer()
        try await Self.run(postgresURL: postgres.url, mongoURL: mongo.url()) { scene in
            try await Self.outage(scene) {
                mongo.kill()
            } end: {
                try await mongo.start()
            }
        }
    }

    /// Runs `body` over migrated stores of which some are private.
    private static func run(
        postgresURL: String,
        mongoURL: String,
        _ body: @Sendable @escaping (ServerScene) async throws -> Void
    ) async throws {
        let redis = try await PrivateRedis()
        let stores = ServerStores(
            postgresURL: postgresURL,
            mongoURL: mongoURL,
            mongoName: "outage_\(UInt32.random(in: 0...UInt32.max))",
            redisURL: redis.url
        )
        try await ServerScene.run(on: stores, redis, body)
    }

    /// Takes a store away from 20 senders for a while.
    private static func outage(
        _ scene: ServerScene,
        begin: () -> Void,
        end: () async throws -> Void
    ) async throws {
        let server = try await scene.startServer()
        let client = scene.client(of: server)
        let ada = try await client.makeUser("ada")
        let chat = try await client.makeGroup(by: ada)
        let load = ServerLoad(chat: chat, loop: scene.loop)
        for _ in 0..<20 { load.add(try await TestSocket.ready(client, as: ada)) }
        let first = load.sockets[0]
        try await first.wait(for: "a load", within: .seconds(120)) { load.acked.count >= 200 }
        begin()
        try await expectRefusal(client, chat, ada)
        try await first.wait(for: "refusals") { load.messages.contains { $0.refusal != nil } }
        try await end()
        let reached = load.acked.count
        try await first.wait(for: "recovery", within: .seconds(120)) { load.acked.count >= reached + 200 }
        load.stop()
        try await first.wait(for: "the last answers", within: limit) { load.unanswered.isEmpty }
        #expect(Set(load.messages.compactMap(\.refusal)).isSubset(of: refusals))
        #expect(load.messages.allSatisfy { ($0.duration ?? .zero) < limit })
        #expect(load.sockets.allSatisfy { !$0.isClosed })
        try await scene.expectConsistency()
        let history = try await client.history(of: chat, as: ada)
        #expect(history.map { $0.integer("seq") } == (1...Int64(history.count)).map { $0 })
        for message in load.acked {
            let stored = history[Int(message.sequence ?? 1) - 1]
            #expect(stored.string("content") == message.content)
        }
        let ids = history.compactMap { $0.string("client_msg_id") }
        #expect(Set(ids).count == ids.count)
    }

    /// While a store is away a send over REST is answered in time: come back later, or ask again.
    private static func expectRefusal(_ client: TestClient, _ chat: Int64, _ user: TestUser) async throws {
        let start = client.loop.now
        let answer = try await client.send(
            .post,
            "/chats/\(chat)/messages",
            #"{"content":"over REST"}"#,
            token: user.token
        )
        #expect(client.loop.now - start < limit)
        switch answer.status {
        case 503: #expect(answer.headers["retry-after"] != nil)
        case 409: #expect(answer.code == "in_flight")
        default: Issue.record("answered \(answer.status) \(answer.object)")
        }
        #expect(answer.object.bool("retryable") == true)
    }
}

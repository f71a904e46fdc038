import IOCore
import JSON
import Mongo
import Postgres
import Storage
import Support
import Web

/// Fresh databases in the shared stores, a Redis of its own, and what starts servers on them and talks to these.
///
/// Loop-bound.
///
/// Redis is private because announcements are told apart by chat only, and every fresh database numbers its chats from 1.
final class ServerScene {
    let stores: ServerStores
    let redis: PrivateRedis
    let loop: EventLoop
    let resolver: BlockingPool

    /// The replica set the tests share.
    static let mongoURL = environment("MONGODB_URL") ?? "mongodb://127.0.0.1:57017/?replicaSet=rs0"

    private init(_ stores: ServerStores, _ redis: PrivateRedis, _ loop: EventLoop, _ resolver: BlockingPool) {
        self.stores = stores
        self.redis = redis
        self.loop = loop
        self.resolver = resolver
    }

    /// Runs `body` on a loop, over migrated stores that are dropped afterwards.
    ///
    /// Where `redisURL` is given the servers use that and not the scene's own Redis.
    static func run(
        redisURL: String? = nil,
        _ body: @Sendable @escaping (ServerScene) async throws -> Void
    ) async throws {
        try await StorageFixture.withMigratedDatabases { databases in
            let redis = try await PrivateRedis()
            let stores = ServerStores(
                postgresURL: databases.postgresURL,
                mongoURL: ServerScene.mongoURL,
                mongoName: databases.stores.redisPrefix,
                redisURL: redisURL ?? redis.url
            )
            try await onLoop { loop, resolver in
                try await run(ServerScene(stores, redis, loop, resolver), body)
            }
        }
    }

    /// Runs `body` on a loop over stores of the test's own, migrated, of which MongoDB's database is dropped afterwards.
    static func run(
        on stores: ServerStores,
        _ redis: PrivateRedis,
        _ body: @Sendable @escaping (ServerScene) async throws -> Void
    ) async throws {
        try await onLoop { loop, resolver in
            try await run(ServerScene(stores, redis, loop, resolver), body)
        }
    }

    private static func run(_ scene: ServerScene, _ body: (ServerScene) async throws -> Void) async throws {
        try await ServerUnderTest.migrate(scene.stores)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(scene))
        } catch {
            result = .failure(error)
        }
        let mongo = try scene.mongoClient()
        _ = try? await mongo.command(BSONDocument { $0.int32("dropDatabase", 1) })
        mongo.shutdown()
        try result.get()
    }

    private static func onLoop(_ body: @Sendable @escaping (EventLoop, BlockingPool) async throws -> Void) async throws
    {
        let loop = EventLoop(name: "server-test")
        let resolver = BlockingPool(name: "resolver", threads: 2, queueLimit: 1024)
        loop.start()
        let result: Result<Void, any Error>
        do {
            result = .success(try await loop.run { actor in try await body(actor.loop, resolver) })
        } catch {
            result = .failure(error)
        }
        loop.stop()
        resolver.shutdown()
        try result.get()
    }

    // MARK: Servers

    /// A server that is ready.
    func startServer(_ variables: [String: String] = [:]) async throws -> ServerUnderTest {
        let server = try ServerUnderTest(stores: stores, variables: variables)
        try await server.start()
        return server
    }

    /// A client of a server, on the scene's loop.
    func client(of server: ServerUnderTest) -> TestClient {
        TestClient(port: server.port, loop: loop, resolver: resolver)
    }

    // MARK: Stores

    /// A client of the scene's MongoDB database.
    func mongoClient() throws -> MongoClient {
        var configuration = MongoConfiguration(url: stores.mongoURL, database: stores.mongoName)
        configuration.threads = 1
        configuration.deadline = .seconds(30)
        configuration.serverSelectionTimeout = .seconds(30)
        configuration.socketTimeout = .seconds(60)
        return try MongoClient(configuration, logger: Logger(label: "test", level: .error))
    }

    /// Rows of every table a client can cause, and documents, as text: equal texts mean that nothing was written.
    func contents() async throws -> String {
        let rows = try await number(
            """
            SELECT concat_ws(' ', (SELECT count(*) FROM users), (SELECT count(*) FROM chats),
                (SELECT count(*) FROM participants), (SELECT count(*) FROM chat_events),
                (SELECT count(*) FROM message_metadata), (SELECT count(*) FROM sessions))
            """
        )
        let mongo = try mongoClient()
        defer { mongo.shutdown() }
        let answer = try await mongo.command(BSONDocument { $0.string("count", "messages") })
        return "\(rows), \(try answer.int64("n")) documents"
    }

    /// The one text that a statement returns.
    func number(_ query: PostgresQuery) async throws -> String {
        try await withPostgres(url: stores.postgresURL) { client, _ in
            try await client.query(query).first?.decode(0, as: String.self) ?? ""
        }
    }

    /// Asserts, once recovery is done, that both stores hold the same messages and that no counter has a hole.
    func expectConsistency(within limit: Duration = .seconds(60)) async throws {
        try await eventually("redo empties", within: limit) {
            try await number("SELECT count(*)::text FROM write_redo") == "0"
        }
        let holes = try await number(
            """
            SELECT coalesce(string_agg(concat_ws(' ', c.id, c.last_seq, c.last_offset, m.n, m.top, e.n, e.top), '; '), '')
            FROM chats c,
                LATERAL (SELECT count(*) n, coalesce(max(seq), 0) top FROM message_metadata WHERE chat_id = c.id) m,
                LATERAL (SELECT count(*) n, max("offset") top FROM chat_events WHERE chat_id = c.id) e
            WHERE (c.last_seq, c.last_seq, c.last_offset, c.last_offset) <> (m.n, m.top, e.n, e.top)
            """
        )
        guard holes.isEmpty else { throw TestSocket.Missing("no holes; have \(holes)") }
        let messages = try await number("SELECT coalesce(sum(last_seq), 0)::text FROM chats")
        let mongo = try mongoClient()
        defer { mongo.shutdown() }
        let documents = try await mongo.command(BSONDocument { $0.string("count", "messages") }).int64("n")
        guard messages == "\(documents)" else {
            throw TestSocket.Missing("\(messages) documents; have \(documents)")
        }
    }
}

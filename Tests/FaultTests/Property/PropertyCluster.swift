import IOCore
import Support
import Web

/// Two nodes on stores of their own, for many schedules.
///
/// Loop-bound.
final class PropertyCluster {
    let nodes: [FaultNode]
    let redis: PrivateRedis
    let reader: StoreReader
    let loop: EventLoop
    let resolver: BlockingPool
    /// Clients that wait for a request to make, by node.
    private var idle: [[TestClient]]
    private var isRedisDown = false

    /// A lost tail is found within one heartbeat.
    private static let variables = ["HEARTBEAT_SECONDS": "1"]

    private init(
        _ stores: ServerStores,
        _ redis: PrivateRedis,
        _ reader: StoreReader,
        _ loop: EventLoop,
        _ resolver: BlockingPool
    ) throws {
        nodes = try (0..<2).map { try FaultNode(number: $0, stores: stores, loop: loop, resolver: resolver) }
        idle = nodes.map { _ in [] }
        self.redis = redis
        self.reader = reader
        self.loop = loop
        self.resolver = resolver
    }

    /// Starts everything, runs `body` on a loop, and ends everything.
    static func run(_ body: @Sendable @escaping (PropertyCluster) async throws -> Void) async throws {
        let postgres = try await PrivatePostgres(settings: ["log_min_messages=fatal"])
        let mongo = try await PrivateMongoServer()
        let redis = try await PrivateRedis()
        let stores = ServerStores(
            postgresURL: postgres.url,
            mongoURL: mongo.url(),
            mongoName: "duologue",
            redisURL: redis.url
        )
        try await ServerUnderTest.migrate(stores)
        let loop = EventLoop(name: "property")
        let resolver = BlockingPool(name: "resolver", threads: 2, queueLimit: 4_096)
        loop.start()
        let result: Result<Void, any Error>
        do {
            try await loop.run { actor in try await run(stores, redis, actor.loop, resolver, body) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        loop.stop()
        resolver.shutdown()
        withExtendedLifetime((postgres, mongo)) {}
        try result.get()
    }

    private static func run(
        _ stores: ServerStores,
        _ redis: PrivateRedis,
        _ loop: EventLoop,
        _ resolver: BlockingPool,
        _ body: @Sendable @escaping (PropertyCluster) async throws -> Void
    ) async throws {
        let reader = try StoreReader(
            postgresURL: stores.postgresURL,
            mongoURL: stores.mongoURL,
            loop: loop,
            resolver: resolver
        )
        let cluster = try PropertyCluster(stores, redis, reader, loop, resolver)
        defer { for node in cluster.nodes { node.server.kill() } }
        for node in cluster.nodes { try node.launch(variables) }
        for node in cluster.nodes { try await node.waitUntilReady() }
        try await reader.run { try await body(cluster) }
    }

    // MARK: Faults

    /// SIGKILL, and a start at once.
    func killNode(_ number: Int) throws {
        nodes[number].server.kill()
        try nodes[number].launch(Self.variables)
    }

    /// SIGKILL, and a start after a while; nothing where it is down already.
    func killRedis(for time: Duration) async throws {
        guard !isRedisDown else { return }
        isRedisDown = true
        defer { isRedisDown = false }
        redis.kill()
        await loop.sleep(for: time)
        try await redis.start()
    }

    /// Whether everything is there that should be.
    func isWhole() async -> Bool {
        guard !isRedisDown else { return false }
        for node in nodes.indices {
            let answer = try? await with(node: node) {
                try await $0.send(.get, "//health/ready", deadline: .seconds(2))
            }
            guard answer?.status == 200 else { return false }
        }
        return true
    }

    // MARK: Requests

    /// Lends a client of a node that no other uses meanwhile.
    func with<Success>(node: Int, _ body: (TestClient) async throws -> Success) async rethrows -> Success {
        let client = idle[node].popLast() ?? nodes[node].makeClient()
        defer { idle[node].append(client) }
        return try await body(client)
    }
}

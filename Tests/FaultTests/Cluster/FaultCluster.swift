import IOCore
import Mongo
import Postgres
import Support

/// Everything of a deployment in one place: private stores behind proxies, and three nodes.
///
/// Loop-bound.
final class FaultCluster {
    let postgres: PrivatePostgres
    let mongo: PrivateReplicaSet
    let redis: PrivateRedis
    let postgresProxy: TCPProxy
    let redisProxy: TCPProxy
    let nodes: [FaultNode]
    let reader: StoreReader
    let disks: Disks?
    let loop: EventLoop
    let resolver: BlockingPool

    static let nodeCount = 3
    /// What the statement that decides a batch contains.
    private static let commit = "duologue_commit("

    private init(
        _ stores: PrivateStores,
        _ nodes: [FaultNode],
        _ reader: StoreReader,
        _ loop: EventLoop,
        _ resolver: BlockingPool
    ) {
        postgres = stores.postgres
        mongo = stores.mongo
        redis = stores.redis
        postgresProxy = stores.postgresProxy
        redisProxy = stores.redisProxy
        disks = stores.disks
        self.nodes = nodes
        self.reader = reader
        self.loop = loop
        self.resolver = resolver
    }

    /// The parts that need no loop.
    private struct PrivateStores {
        let postgres: PrivatePostgres
        let mongo: PrivateReplicaSet
        let redis: PrivateRedis
        let postgresProxy: TCPProxy
        let redisProxy: TCPProxy
        let disks: Disks?

        init(disks: Disks?) async throws {
            self.disks = disks
            // No TLS, so that the proxy can follow what is said; small files, so that a small disk holds them.
            postgres = try await PrivatePostgres(
                disk: disks?.postgres,
                settings: ["max_wal_size=128MB", "min_wal_size=32MB", "log_min_messages=fatal", "fsync=on"]
            )
            redis = try await PrivateRedis(disk: disks?.redis ?? "/tmp")
            mongo = try await PrivateReplicaSet(disks: disks?.mongo ?? [nil, nil, nil])
            postgresProxy = try await TCPProxy(to: postgres.port, marker: FaultCluster.commit)
            redisProxy = try await TCPProxy(to: redis.port)
        }

        var addresses: ServerStores {
            ServerStores(
                postgresURL: "postgresql://postgres@127.0.0.1:\(postgresProxy.port)/postgres?sslmode=disable",
                mongoURL: mongo.url,
                mongoName: "duologue",
                redisURL: "redis://127.0.0.1:\(redisProxy.port)"
            )
        }
    }

    /// Starts everything, runs `body` on a loop, and ends everything.
    static func run(
        disks: Disks?,
        _ body: @Sendable @escaping (FaultCluster) async throws -> Void
    ) async throws {
        let stores = try await PrivateStores(disks: disks)
        try await ServerUnderTest.migrate(stores.addresses)
        let loop = EventLoop(name: "campaign")
        let resolver = BlockingPool(name: "resolver", threads: 2, queueLimit: 4_096)
        loop.start()
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await loop.run { actor in try await start(stores, actor.loop, resolver, body) }
            )
        } catch {
            result = .failure(error)
        }
        await stores.postgresProxy.close()
        await stores.redisProxy.close()
        await stores.mongo.close()
        loop.stop()
        resolver.shutdown()
        try result.get()
    }

    private static func start(
        _ stores: PrivateStores,
        _ loop: EventLoop,
        _ resolver: BlockingPool,
        _ body: @Sendable @escaping (FaultCluster) async throws -> Void
    ) async throws {
        let nodes = try (0..<nodeCount).map {
            try FaultNode(number: $0, stores: stores.addresses, loop: loop, resolver: resolver)
        }
        for node in nodes { try node.launch() }
        for node in nodes { try await node.waitUntilReady() }
        let reader = try StoreReader(
            postgresURL: stores.postgres.url,
            mongoURL: stores.mongo.url,
            loop: loop,
            resolver: resolver
        )
        let cluster = FaultCluster(stores, nodes, reader, loop, resolver)
        let result = await Result { try await reader.run { try await body(cluster) } }
        for node in nodes { node.server.kill() }
        try result.get()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}

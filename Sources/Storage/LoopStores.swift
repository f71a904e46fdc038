package import Domain
package import IOCore
package import Mongo
internal import Postgres
internal import Redis

/// All ports of one loop on their real stores, and the clients below them.
///
/// Loop-bound: made, used and shut down on its loop. `run()` is to be running while the ports are used.
package final class LoopStores {
    package let accounts: any AccountStore
    package let administration: any AccountAdministration
    package let people: any PeopleStore
    package let relations: any RelationStore
    package let chats: any ChatDirectory
    package let commitLog: any CommitLog
    package let history: any HistoryStore
    package let purges: any PurgeLog
    package let bodies: any BodyStore
    package let tickets: any TicketStore
    package let limits: any LimitStore
    package let operations: any OperationIndex
    package let cache: any ReadCache
    package let reads: any ReadStateStore
    package let personal: any PersonalMessageStore
    package let drafts: any DraftStore
    package let threads: any ThreadStore
    package let invites: any InviteStore
    package let memberships: any MembershipStore
    package let search: any MessageSearch
    package let searchIndex: any SearchIndex
    package let presence: any PresenceStore
    package let presenceScope: any PresenceScope
    package let health: any HealthProbe

    private let configuration: StoreConfiguration
    private let loop: EventLoop
    private let registry: MetricsRegistry
    private let logger: Logger
    private let postgres: PostgresClient
    /// Apart from the other: searches and indexing hold up nothing but each other.
    private let searching: PostgresClient
    private let redis: RedisClient
    private let subscriber: RedisSubscriber?
    private static let searchDeadline = Duration.seconds(2)

    /// Makes the clients and ports of a loop.
    ///
    /// `blocking` connects and looks up names, `mongo` is the process's. On exactly one loop of a node
    /// `receivesAnnouncements` is true: its broker is the one that subscribes.
    package init(
        configuration: StoreConfiguration,
        loop: EventLoop,
        mongo: MongoClient,
        blocking: BlockingPool,
        receivesAnnouncements: Bool,
        metrics: StoreMetrics,
        registry: MetricsRegistry,
        logger: Logger
    ) {
        self.configuration = configuration
        self.loop = loop
        self.registry = registry
        self.logger = logger
        let postgres = PostgresClient(
            configuration: configuration.postgres,
            loop: loop,
            blocking: blocking,
            observer: metrics.postgresObserver()
        )
        var apart = configuration.postgres
        apart.applicationName += " search"
        apart.deadline = Self.searchDeadline
        apart.sessions = 0
        apart.writers = receivesAnnouncements ? 1 : 0
        searching = PostgresClient(
            configuration: apart,
            loop: loop,
            blocking: blocking,
            observer: metrics.postgresObserver()
        )
        let redis = RedisClient(configuration: configuration.redis, loop: loop, resolver: blocking)
        self.postgres = postgres
        self.redis = redis
        subscriber =
            receivesAnnouncements
            ? RedisSubscriber(configuration: configuration.redis, loop: loop, resolver: blocking) : nil
        accounts = PostgresAccountStore(client: postgres)
        administration = PostgresAccountAdministration(client: postgres)
        people = PostgresPeopleStore(client: postgres, searching: searching)
        relations = PostgresRelationStore(client: postgres)
        chats = PostgresChatDirectory(client: postgres)
        commitLog = PostgresCommitLog(client: postgres, node: configuration.node, logger: logger)
        history = PostgresHistoryStore(client: postgres)
        purges = PostgresPurgeLog(client: postgres)
        bodies = MongoBodyStore(client: mongo, logger: logger)
        tickets = RedisTicketStore(client: redis, prefix: configuration.redisPrefix, metrics: metrics)
        operations = PostgresOperationIndex(client: postgres)
        limits = RedisLimitStore(client: redis, prefix: configuration.redisPrefix, metrics: metrics)
        cache = RedisReadCache(client: redis, loop: loop, prefix: configuration.redisPrefix)
        reads = PostgresReadStateStore(client: postgres)
        personal = PostgresPersonalMessageStore(client: postgres)
        drafts = PostgresDraftStore(client: postgres)
        threads = PostgresThreadStore(client: postgres)
        invites = PostgresInviteStore(client: postgres)
        memberships = PostgresMembershipStore(client: postgres)
        search = PostgresMessageSearch(client: searching)
        searchIndex = PostgresSearchIndex(client: searching)
        presence = RedisPresenceStore(
            client: redis,
            loop: loop,
            prefix: configuration.redisPrefix,
            metrics: metrics
        )
        presenceScope = PostgresPresenceScope(client: postgres)
        health = StoreHealthProbe(loop: loop, postgres: postgres, mongo: mongo, redis: redis)
    }

    /// The MongoDB client that all loops of a process share.
    ///
    /// - Throws: `MongoError` for a URL that libmongoc refuses.
    package static func mongoClient(
        _ configuration: StoreConfiguration,
        metrics: StoreMetrics,
        logger: Logger
    ) throws(MongoError) -> MongoClient {
        try MongoClient(configuration.mongo, logger: logger, observer: metrics.mongoObserver())
    }

    /// The broker of this loop, for the sinks of all loops; its `start()` is to be called once `run()` runs.
    package func broker(to sinks: [LoopBound<any AnnouncementSink>]) -> RedisBroker {
        RedisBroker(
            node: configuration.node,
            loop: loop,
            client: redis,
            subscriber: subscriber,
            sinks: sinks,
            prefix: configuration.redisPrefix,
            registry: registry,
            logger: logger
        )
    }

    /// Keeps the connections until `shutdown()`; to be run in a task group.
    package func run() async {
        let stores = LoopBound(self, loop: loop)
        await withDiscardingTaskGroup { [loop] group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await stores.value.postgres.run() }
            }
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await stores.value.searching.run() }
            }
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await stores.value.redis.run() }
            }
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await stores.value.subscriber?.run() }
            }
        }
    }

    /// Waits until Postgres answers and Redis is connected; true if both were before the deadline.
    ///
    /// Being late is no failure: the clients go on connecting.
    package func connect(deadline: Duration = .seconds(5)) async -> Bool {
        let end = loop.now + deadline
        while loop.now < end {
            let isUp = redis.isAvailable && subscriber?.isAvailable != false
            if isUp, (try? await postgres.health(deadline: end - loop.now)) != nil { return true }
            if !isUp { await loop.sleep(for: .milliseconds(5)) }
        }
        return false
    }

    /// Lets what is under way end, at most for `grace`, and closes everything; `run()` then returns.
    package func shutdown(grace: Duration = .seconds(5)) async {
        subscriber?.shutdown()
        await redis.shutdown()
        await searching.shutdown(grace: grace)
        await postgres.shutdown(grace: grace)
    }
}

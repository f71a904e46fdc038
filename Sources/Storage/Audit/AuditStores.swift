package import Audit
internal import Domain
package import IOCore
internal import Messaging
internal import Mongo
internal import Postgres
internal import Redis

/// The stores as an audit uses them: connections of its own, with more time than a server gives.
///
/// Loop-bound.
package final class AuditStores {
    private let configuration: StoreConfiguration
    private let loop: EventLoop
    private let logger: Logger
    private let postgres: PostgresClient
    private let mongo: MongoClient
    private let redis: RedisClient
    private let registry = MetricsRegistry()

    /// How long a statement may take.
    private static let deadline = Duration.seconds(60)

    /// Every statement walks an index, a window at a time.
    ///
    /// A planner that sorts or hashes instead, because statistics are
    /// missing or mislead it, would go through a whole chat, or table, for each window.
    private static let settings = [
        "plan_cache_mode=force_generic_plan", "enable_seqscan=off", "enable_bitmapscan=off", "enable_hashjoin=off",
        "enable_mergejoin=off", "enable_sort=off", "enable_incremental_sort=off", "jit=off",
    ]

    private init(_ configuration: StoreConfiguration, loop: EventLoop, blocking: BlockingPool, logger: Logger) throws {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        var postgresConfiguration = configuration.postgres
        postgresConfiguration.applicationName = "duologue-audit"
        postgresConfiguration.readers = 1
        postgresConfiguration.writers = 1
        postgresConfiguration.sessions = 1
        postgresConfiguration.deadline = Self.deadline
        postgresConfiguration.settings = Self.settings
        postgres = PostgresClient(configuration: postgresConfiguration, loop: loop, blocking: blocking)
        var mongoConfiguration = configuration.mongo
        mongoConfiguration.applicationName = "duologue-audit"
        mongoConfiguration.threads = 2
        mongoConfiguration.socketTimeout = Self.deadline
        mongo = try MongoClient(mongoConfiguration, logger: logger)
        redis = RedisClient(configuration: configuration.redis, loop: loop, resolver: blocking)
    }

    /// Runs an audit over open stores and closes them; on the loop, as a child task of the caller.
    ///
    /// - Throws: `StoreError` or the client's own error when a store cannot be reached or stops answering.
    package static func audit(
        _ configuration: StoreConfiguration,
        _ options: Auditor.Options,
        loop: EventLoop,
        blocking: BlockingPool,
        logger: Logger,
        progress: @escaping Auditor.Progress = { _, _ in }
    ) async throws -> AuditOutcome {
        let stores = try AuditStores(configuration, loop: loop, blocking: blocking, logger: logger)
        let bound = LoopBound(stores, loop: loop)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.postgres.run() }
            }
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.redis.run() }
            }
            let result: Result<AuditOutcome, any Error>
            do {
                result = .success(try await stores.audit(options, progress))
            } catch {
                result = .failure(error)
            }
            await stores.redis.shutdown()
            await stores.postgres.shutdown()
            try await group.waitForAll()
            let mongo = stores.mongo
            try await blocking.run { mongo.shutdown() }
            return try result.get()
        }
    }

    private func audit(_ options: Auditor.Options, _ progress: @escaping Auditor.Progress) async throws -> AuditOutcome
    {
        try await postgres.health(deadline: .seconds(5))
        if let error = await mongo.health(deadline: .seconds(5)) { throw error }
        let start = loop.now
        let first = try await auditor(options, progress).run()
        let duration = loop.now - start
        guard options.repairs, !first.isClean else {
            return AuditOutcome(report: first, remaining: nil, duration: duration)
        }
        // What is mended is told by looking again, not by what the repair believes.
        var looking = options
        looking.repairs = false
        return AuditOutcome(report: first, remaining: try await auditor(looking, progress).run(), duration: duration)
    }

    private func auditor(_ options: Auditor.Options, _ progress: @escaping Auditor.Progress) -> Auditor {
        let log = PostgresCommitLog(client: postgres, node: configuration.node, logger: logger)
        let recovery = RedoRecovery(
            loop: loop,
            log: log,
            bodies: MongoBodyStore(client: mongo, logger: logger),
            broker: RedisBroker(
                node: configuration.node,
                loop: loop,
                client: redis,
                subscriber: nil,
                sinks: [],
                prefix: configuration.redisPrefix,
                registry: registry,
                logger: logger
            ),
            registry: registry,
            logger: logger
        )
        return Auditor(
            postgres: postgres,
            mongo: mongo,
            loop: loop,
            options: options,
            finishRedo: {
                _ = try await recovery.pass()
                // Opens chats of which no redo is left, also where this pass dropped nothing.
                try await log.drop([])
            },
            progress: progress
        )
    }
}

/// What an audit came to.
package struct AuditOutcome: Sendable {
    /// What was found, and what was done about it.
    package let report: AuditReport
    /// What a second look found after a repair; nil where there was nothing to mend, or nobody asked to.
    package let remaining: AuditReport?
    /// Of the audit, without the second look.
    package let duration: Duration

    /// Whether both stores agree now.
    package var isClean: Bool { remaining?.isClean ?? report.isClean }
}

internal import IOCore
internal import Mongo
internal import Postgres
internal import Storage

/// `duologue migrate`: brings both databases to this version's schema.
enum Migrate {
    /// How long stores that are starting are waited for.
    private static let patience = Duration.seconds(60)
    private static let pause = Duration.seconds(1)
    private static let sqlDirectory = "sql"
    private static let mongoDirectory = "mongo"

    static func run(_ configuration: Configuration) async throws {
        let logger = Logger(label: "migrate", level: configuration.logLevel)
        let loop = EventLoop(name: "migrate")
        let blocking = BlockingPool(name: "blocking", threads: 2, queueLimit: 16)
        loop.start()
        defer {
            loop.stop()
            blocking.shutdown()
        }
        let url = configuration.postgresURL
        try await loop.run { actor in
            let client = PostgresClient(
                configuration: try PostgresConfiguration(url: url),
                loop: actor.loop,
                blocking: blocking
            )
            try await migrate(client, loop: actor.loop, logger: logger)
        }
        let mongo = try client(configuration, logger: logger)
        defer { mongo.shutdown() }
        try await setUp(mongo, logger: logger)
    }

    private static func migrate(_ client: PostgresClient, loop: EventLoop, logger: Logger) async throws {
        let bound = LoopBound(client, loop: loop)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.run() }
            }
            let result: Result<Migrator.Report, any Error>
            do {
                try await wait(for: "postgres", logger: logger) {
                    try await loop.actor.run { _ in try await bound.value.health() }
                }
                result = .success(try await Migrator(client: client, directory: sqlDirectory, loop: loop).run())
            } catch {
                result = .failure(error)
            }
            await client.shutdown()
            try await group.waitForAll()
            let report = try result.get()
            for name in report.migrations { logger.info("migration applied", ["name": .string(name)]) }
            logger.info(
                "postgres is up to date",
                [
                    "migrations_applied": .int(report.migrations.count),
                    "functions_installed": .bool(report.installedFunctions),
                ]
            )
        }
    }

    private static func client(_ configuration: Configuration, logger: Logger) throws(ConfigurationError) -> MongoClient
    {
        do throws(MongoError) {
            let mongo = MongoConfiguration(url: configuration.mongoURL, database: configuration.mongoName)
            return try MongoClient(mongo, logger: logger)
        } catch {
            throw ConfigurationError(error)
        }
    }

    private static func setUp(_ mongo: MongoClient, logger: Logger) async throws {
        try await wait(for: "mongo", logger: logger) { if let error = await mongo.health() { throw error } }
        let collections = try await MongoSetup(client: mongo, directory: mongoDirectory).run()
        logger.info("mongo is up to date", ["collections": .int(collections.count)])
    }

    /// Asks until the store answers; the last refusal once patience is at an end.
    private static func wait(
        for store: String,
        logger: Logger,
        _ ask: () async throws -> Void
    ) async throws {
        let end = ContinuousClock.now + patience
        while true {
            do {
                return try await ask()
            } catch  where ContinuousClock.now < end {
                logger.warning("waiting for a store", ["store": .string(store), "reason": .string("\(error)")])
                try await Task.sleep(for: pause)
            }
        }
    }
}

internal import Domain
internal import Glibc
internal import IOCore
internal import Messaging
internal import Mongo
internal import Postgres
internal import Storage

/// `duologue search rebuild`: indexes all messages anew, while servers run.
enum SearchCommand {
    /// Between two lines that say how far it is.
    private static let report = Duration.seconds(5)
    /// How often a step that failed is tried again, one second later.
    private static let patience = 60

    static func run(_ configuration: Configuration) async throws {
        let logger = Logger(label: "search", level: configuration.logLevel)
        let loop = EventLoop(name: "search")
        let blocking = BlockingPool(name: "blocking", threads: 2, queueLimit: 16)
        loop.start()
        defer {
            loop.stop()
            blocking.shutdown()
        }
        let stores = MongoConfiguration(url: configuration.mongoURL, database: configuration.mongoName)
        let mongo = try mongoClient(stores, logger: logger)
        defer { mongo.shutdown() }
        let url = configuration.postgresURL
        try await loop.run { actor in
            var postgres = try PostgresConfiguration(url: url)
            postgres.readers = 0
            postgres.writers = 1
            postgres.sessions = 0
            let client = PostgresClient(configuration: postgres, loop: actor.loop, blocking: blocking)
            let indexer = SearchIndexer(
                index: PostgresSearchIndex(client: client),
                bodies: MongoBodyStore(client: mongo, logger: logger)
            )
            try await connected(client, loop: actor.loop) { try await rebuild(indexer, loop: actor.loop) }
        }
    }

    private static func mongoClient(
        _ configuration: MongoConfiguration,
        logger: Logger
    ) throws(ConfigurationError) -> MongoClient {
        do throws(MongoError) {
            return try MongoClient(configuration, logger: logger)
        } catch {
            throw ConfigurationError(error)
        }
    }

    private static func connected(
        _ client: PostgresClient,
        loop: EventLoop,
        _ body: () async throws -> Void
    ) async throws {
        let bound = LoopBound(client, loop: loop)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.run() }
            }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            await client.shutdown()
            try await group.waitForAll()
            try result.get()
        }
    }

    private static func rebuild(_ indexer: SearchIndexer, loop: EventLoop) async throws {
        var (failures, isDone, reported) = (0, false, loop.now)
        while !isDone {
            do {
                let step = try await indexer.rebuildStep()
                isDone = step.isDone
                failures = 0
                if isDone || loop.now - reported >= report {
                    say("\(step.messages) messages indexed\(isDone ? "; the rebuild is done" : "")")
                    reported = loop.now
                }
            } catch let error as StoreError where error.outcome != .permanent && failures < patience {
                failures += 1
                say("waiting: \(error)")
                await loop.sleep(for: .seconds(1))
            }
        }
    }

    private static func say(_ text: String) {
        print(text)
        fflush(nil)
    }
}

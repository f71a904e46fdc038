internal import Domain
internal import IOCore
internal import Mongo
internal import Postgres
internal import Storage

/// Both stores without a server in between, where the environment says they are.
///
/// Loop-bound.
final class DirectStores {
    /// Where the stores are.
    struct Location: Sendable {
        let postgresURL: String
        let mongoURL: String
        let mongoDatabase: String

        /// Reads POSTGRESQL_URL, MONGODB_URL and MONGODB_NAME, the names the server knows them by.
        ///
        /// - Throws: `usage` where one of the URLs is missing.
        init(_ environment: [String: String]) throws(LoadError) {
            func value(_ name: String) throws(LoadError) -> String {
                guard let value = environment[name], !value.isEmpty else {
                    throw LoadError(.usage, "\(name) is not set; `make run` writes it to .local/env")
                }
                return value
            }
            postgresURL = try value("POSTGRESQL_URL")
            mongoURL = try value("MONGODB_URL")
            mongoDatabase = environment["MONGODB_NAME"] ?? "duologue"
        }
    }

    let postgres: PostgresClient
    let mongo: MongoClient
    let log: any CommitLog
    let bodies: any BodyStore
    let accounts: any AccountStore

    private init(_ location: Location, _ tool: Tool) throws {
        let logger = Logger(label: "load", level: .error)
        let configuration = try PostgresConfiguration(url: location.postgresURL)
        postgres = PostgresClient(configuration: configuration, loop: tool.loop, blocking: tool.resolver)
        mongo = try MongoClient(
            MongoConfiguration(url: location.mongoURL, database: location.mongoDatabase),
            logger: logger
        )
        log = PostgresCommitLog(client: postgres, node: .random(), logger: logger)
        bodies = MongoBodyStore(client: mongo, logger: logger)
        accounts = PostgresAccountStore(client: postgres)
    }

    /// Runs `body` with open stores and closes them.
    ///
    /// On the loop only.
    /// - Throws: what `body` throws, and what a URL that cannot be read is refused with.
    static func with<Value: Sendable>(
        _ location: Location,
        _ tool: Tool,
        _ body: (DirectStores) async throws -> Value
    ) async throws -> Value {
        let stores = try DirectStores(location, tool)
        let bound = LoopBound(stores, loop: tool.loop)
        let loop = tool.loop
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.postgres.run() }
            }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(stores))
            } catch {
                result = .failure(error)
            }
            await stores.postgres.shutdown()
            let mongo = stores.mongo
            try await tool.resolver.run { mongo.shutdown() }
            return try result.get()
        }
    }
}

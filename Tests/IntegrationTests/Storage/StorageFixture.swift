import Domain
import Glibc
import IOCore
import Messaging
import Mongo
import Postgres
import Redis
import Storage
import Support
import Testing

/// Real stores, migrated and empty, for one test: databases and a key prefix of its own, gone afterwards.
final class StorageFixture: Sendable {
    let databases: Databases
    let mongo: MongoClient
    let loop: EventLoop
    let stores: LoopBound<LoopStores>
    let registry = MetricsRegistry()
    let logger = Logger(label: "test", level: .error)
    private let blocking: BlockingPool

    /// The checked-out files; tests run from the root of the package.
    static let sql = "sql"
    static let mongoFiles = "mongo"

    private init(_ databases: Databases) async throws {
        let configuration = databases.stores
        let loop = EventLoop(name: "storage-test")
        loop.start()
        let blocking = BlockingPool(name: "connect", threads: 2, queueLimit: 64)
        let (registry, logger) = (registry, logger)
        let metrics = StoreMetrics(registry: registry)
        let mongo = try LoopStores.mongoClient(configuration, metrics: metrics, logger: logger)
        stores = await loop.actor.run { _ in
            LoopBound(
                LoopStores(
                    configuration: configuration,
                    loop: loop,
                    mongo: mongo,
                    blocking: blocking,
                    receivesAnnouncements: true,
                    metrics: metrics,
                    registry: registry,
                    logger: logger
                ),
                loop: loop
            )
        }
        self.databases = databases
        self.mongo = mongo
        self.loop = loop
        self.blocking = blocking
    }

    /// Runs `body` on the loop of new stores.
    static func run<Value: Sendable>(
        configure: @Sendable @escaping (inout StoreConfiguration) -> Void = { _ in },
        _ body: @Sendable @escaping (StorageFixture, LoopStores) async throws -> Value
    ) async throws -> Value {
        try await withMigratedDatabases { databases in
            var databases = databases
            configure(&databases.stores)
            return try await with(databases, setUpMongo: true, body)
        }
    }

    /// Runs `body` on the loop of one more node that shares the stores of `other`.
    static func runNode<Value: Sendable>(
        besides other: StorageFixture,
        _ body: @Sendable @escaping (StorageFixture, LoopStores) async throws -> Value
    ) async throws -> Value {
        var databases = other.databases
        databases.stores.node = .random()
        return try await with(databases, setUpMongo: false, body)
    }

    struct Databases: Sendable {
        var postgresURL: String
        var stores: StoreConfiguration
    }

    /// Makes an empty Postgres database and names an empty one of MongoDB; drops the former afterwards.
    static func withDatabases<Value: Sendable>(
        _ body: @Sendable (Databases) async throws -> Value
    ) async throws -> Value {
        try await withDatabases(copyOf: "template1", body)
    }

    /// Makes a migrated Postgres database and names an empty one of MongoDB; drops the former afterwards.
    static func withMigratedDatabases<Value: Sendable>(
        _ body: @Sendable (Databases) async throws -> Value
    ) async throws -> Value {
        let template = try await MigratedTemplate.shared.name { name in
            try await script("CREATE DATABASE \(name)", on: sharedPostgresURL)
            try await withPostgres(url: postgresURL(of: name), configure: sessionOnly) { client, loop in
                _ = try await Migrator(client: client, directory: sql, loop: loop).run()
            }
        }
        return try await withDatabases(copyOf: template, body)
    }

    private static func withDatabases<Value: Sendable>(
        copyOf template: String,
        _ body: @Sendable (Databases) async throws -> Value
    ) async throws -> Value {
        let name = "storage_\(getpid())_\(UInt32.random(in: 0...UInt32.max))"
        let server = sharedPostgresURL
        try await script("CREATE DATABASE \(name) TEMPLATE \(template)", on: server)
        let url = postgresURL(of: name)
        var configuration = try StoreConfiguration(
            postgresURL: url,
            mongoURL: environment("MONGODB_URL") ?? "mongodb://127.0.0.1:57017/?replicaSet=rs0",
            mongoDatabase: name,
            redisURL: RedisFixture.sharedURL
        )
        configuration.redisPrefix = name
        configuration.postgres.readers = 1
        configuration.postgres.sessions = 0
        configuration.redis.reconnectPause = .milliseconds(20)...(.milliseconds(200))
        // What a test is to see does not depend on how long a store that is well may stand still.
        configuration.redis.bePatient()
        configuration.postgres.deadline = .seconds(60)
        configuration.postgres.lockTimeout = .seconds(60)
        configuration.postgres.idleInTransactionTimeout = .seconds(120)
        configuration.mongo.deadline = .seconds(60)
        configuration.mongo.serverSelectionTimeout = .seconds(60)
        configuration.mongo.socketTimeout = .seconds(90)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(Databases(postgresURL: url, stores: configuration)))
        } catch {
            result = .failure(error)
        }
        try await script("DROP DATABASE \(name) WITH (FORCE)", on: server)
        return try result.get()
    }

    /// The tests' server, another database.
    private static func postgresURL(of database: String) -> String {
        let server = sharedPostgresURL
        var path = server.prefix { $0 != "?" }
        if let slash = path.lastIndex(of: "/"), path[..<slash].last != "/" { path = path[..<slash] }
        return "\(path)/\(database)\(server.drop { $0 != "?" })"
    }

    private static func script(_ text: String, on url: String) async throws {
        try await withPostgres(url: url, configure: sessionOnly) { client, _ in
            try await client.withSession { try await $0.run(script: text) }
        }
    }

    /// Tests run side by side, and a server has a hundred connections.
    private static func sessionOnly(_ configuration: inout PostgresConfiguration) {
        configuration.readers = 0
        configuration.writers = 0
        configuration.deadline = .seconds(30)
    }

    /// Runs `body` on the loop of new stores in these databases.
    static func with<Value: Sendable>(
        _ databases: Databases,
        setUpMongo: Bool,
        _ body: @Sendable @escaping (StorageFixture, LoopStores) async throws -> Value
    ) async throws -> Value {
        let fixture = try await StorageFixture(databases)
        if setUpMongo { _ = try await MongoSetup(client: fixture.mongo, directory: mongoFiles).run() }
        let loop = fixture.loop
        let result: Result<Value, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await fixture.stores.value.run() }
            }
            let result: Result<Value, any Error>
            do {
                let value = try await loop.actor.run { _ in
                    guard await fixture.stores.value.connect() else { throw SetUpFailure() }
                    return try await body(fixture, fixture.stores.value)
                }
                result = .success(value)
            } catch {
                result = .failure(error)
            }
            await loop.actor.run { _ in await fixture.stores.value.shutdown(grace: .seconds(1)) }
            return result
        }
        if setUpMongo { _ = try? await fixture.mongo.command(BSONDocument { $0.int32("dropDatabase", 1) }) }
        fixture.mongo.shutdown()
        fixture.blocking.shutdown()
        loop.stop()
        return try result.get()
    }

    struct SetUpFailure: Error {}
}

extension StorageFixture {
    /// Runs SQL of the test's own against the database of the stores.
    func sql<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresClient) async throws -> Value
    ) async throws -> Value {
        // A transaction that holds a lock for a test does so until the test has seen what it waits for.
        try await withPostgres(
            url: databases.postgresURL,
            configure: {
                $0.deadline = .seconds(60)
                $0.idleInTransactionTimeout = .seconds(120)
            }
        ) { client, _ in
            try await body(client)
        }
    }
}

extension LoopStores {
    /// As many users as asked for.
    func users(_ count: Int) async throws -> [UserID] {
        var users: [UserID] = []
        for number in 0..<count {
            let name = "user\(number)_\(UInt32.random(in: 0...UInt32.max))"
            let user = try await accounts.register(
                username: name,
                email: "\(name)@example.org",
                passwordHash: "hash",
                fullName: nil
            )
            users.append(user.id)
        }
        return users
    }

    /// A group that `founder` made with `others`; its redo row is gone.
    func group(of founder: UserID, with others: [UserID] = []) async throws -> ChatID {
        let chat = try await commitLog.nextChatID()
        let draft = ChatDraft(type: .group, name: "Group", participants: others)
        let operation = OperationCodec.operation(chat: chat, actor: founder, id: .random(), body: .createChat(draft))
        let batch = BatchID.random()
        let results = try await commitLog.commit(batch, [operation], dropping: [], wait: false)
        guard case .committed? = results.first else { throw StorageFixture.SetUpFailure() }
        try await commitLog.drop([batch])
        return chat
    }

    /// Commits one operation as a batch of its own.
    func commit(_ operation: Operation, as batch: BatchID = .random()) async throws -> CommitResult {
        let results = try await commitLog.commit(batch, [operation], dropping: [], wait: true)
        guard let result = results.first, results.count == 1 else { throw StorageFixture.SetUpFailure() }
        return result
    }

    /// Commits one message and returns it as its redo row has it.
    func send(_ text: String, to chat: ChatID, from user: UserID) async throws -> RedoBatch {
        let batch = BatchID.random()
        let operation = message(text, to: chat, from: user)
        guard case .committed(let allocation) = try await commit(operation, as: batch) else {
            throw StorageFixture.SetUpFailure()
        }
        return RedoBatch(
            id: batch,
            operations: [CommittedOperation(operation: operation, allocation: allocation)]
        )
    }

    /// Applies and drops a batch.
    func finish(_ batch: RedoBatch) async throws {
        try await bodies.apply(batch.operations.flatMap(PostImages.documents(of:)))
        try await commitLog.drop([batch.id])
    }
}

/// The operation of a message.
func message(
    _ text: String,
    to chat: ChatID,
    from user: UserID,
    id: OperationID = .random(),
    replyTo: SequenceNumber? = nil
) -> Operation {
    let draft = MessageDraft(content: text, replyTo: replyTo, clientMessageID: id)
    return OperationCodec.operation(chat: chat, actor: user, id: id, body: .createMessage(draft))
}

internal import API
internal import Domain
internal import Gateway
internal import IOCore
internal import Messaging
internal import Mongo
internal import Security
internal import Storage

/// What all loops of the process use together.
struct SharedParts: Sendable {
    let configuration: Configuration
    let roles: Roles
    let logger: Logger
    let registry: MetricsRegistry
    let stores: StoreConfiguration
    let storeMetrics: StoreMetrics
    let gatewayMetrics: GatewayMetrics
    let socketQuota: SocketQuota
    let mongo: MongoClient
    /// Name resolution and connecting.
    let blocking: BlockingPool
    /// Password hashing, apart, so that a wave of logins delays nobody's connection.
    let hashing: BlockingPool
    let tokens: AccessTokenAuthority
    let hasher: PasswordHasher
    let throttle: SharedLoginThrottle
    let leases = RateLeases()
    let limitAlarm: LimitAlarm
    let revoked: RevokedSessions
    let uses = SessionUses()

    init(configuration: Configuration, roles: Roles, logger: Logger, cores: Int) throws {
        self.configuration = configuration
        self.roles = roles
        self.logger = logger
        registry = MetricsRegistry()
        stores = try StoreConfiguration(
            postgresURL: configuration.postgresURL,
            mongoURL: configuration.mongoURL,
            mongoDatabase: configuration.mongoName,
            redisURL: configuration.redisURL
        )
        storeMetrics = StoreMetrics(registry: registry)
        gatewayMetrics = GatewayMetrics(registry: registry)
        socketQuota = SocketQuota(
            perUser: configuration.limits.socketsPerUser,
            perAddress: configuration.limits.socketsPerAddress
        )
        do throws(MongoError) {
            mongo = try LoopStores.mongoClient(stores, metrics: storeMetrics, logger: logger.labelled("mongo"))
        } catch {
            throw ConfigurationError(error)
        }
        blocking = BlockingPool(name: "blocking", threads: 4, queueLimit: 1024)
        hashing = BlockingPool(name: "hashing", threads: cores, queueLimit: 256)
        tokens = AccessTokenAuthority(secret: configuration.secret, lifetime: configuration.accessTokenLifetime)
        hasher = try PasswordHasher()
        throttle = SharedLoginThrottle(limits: configuration.logins)
        limitAlarm = LimitAlarm(registry: registry, logger: logger.labelled("limits"))
        revoked = RevokedSessions(tokenLifetime: configuration.accessTokenLifetime)
    }

    /// Ends the threads; nothing may be using them any more.
    func shutdown() {
        mongo.shutdown()
        hashing.shutdown()
        blocking.shutdown()
    }
}

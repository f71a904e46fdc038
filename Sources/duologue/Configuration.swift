internal import Domain
internal import IOCore
internal import Mongo
internal import Postgres
internal import Redis
internal import Security
internal import Web

#if FAILPOINTS
internal import Messaging
#endif

/// Everything the process is told, read once from the environment; `docs/configuration.md` has the table.
struct Configuration: Sendable {
    let postgresURL: String
    let mongoURL: String
    let mongoName: String
    let redisURL: String
    let secret: SigningSecret
    let accessTokenLifetime: Duration
    let refreshTokenLifetime: Duration
    let limits: Limits
    /// What counts as spam; nil where nothing does.
    let spam: SpamRules?
    /// How many wrong passwords are free.
    let logins: LoginThrottle.Limits
    let redoLimitBytes: Int
    let trustedProxies: TrustedProxies
    /// Most members of a chat.
    let chatMemberLimit: Int
    let allowedOrigins: Set<String>
    /// For how long browsers are to insist on TLS; nil where clients come without it.
    let transportSecurity: Duration?
    let compressesWebSockets: Bool
    /// Whether what many ask for is kept in Redis.
    let caches: Bool
    let host: String
    let port: Int
    let logLevel: LogLevel
    #if FAILPOINTS
    let failpoints: Failpoints?
    #endif

    /// What one client, or one address, may do.
    struct Limits: Sendable, Equatable {
        let requests: Int
        let window: Duration
        let socketsPerUser: Int
        let socketsPerAddress: Int
        let framesPerSecond: Int
        let chatsPerSocket: Int
        let authDeadline: Duration
        let silence: Duration
        let heartbeat: Duration
        let presence: Duration
        let drain: Duration
    }

    /// Reads and checks every variable.
    ///
    /// - Throws: `ConfigurationError` with everything that is wrong, not only the first.
    init(environment: [String: String]) throws {
        var reader = EnvironmentReader(environment)
        postgresURL = reader.url("POSTGRESQL_URL", schemes: ["postgresql", "postgres"], fault: Self.postgresFault)
        mongoURL = reader.url("MONGODB_URL", schemes: ["mongodb", "mongodb+srv"])
        mongoName = reader.name("MONGODB_NAME", default: "duologue")
        redisURL = reader.url(
            "REDIS_URL",
            schemes: ["redis", "redis+cluster"],
            example: "redis://user:password@host:port/number or redis+cluster://user:password@host:port,host:port",
            fault: Self.redisFault
        )
        let secret = reader.secret("SECRET_KEY")
        _ = reader.choice("ALGORITHM", ["HS256"], default: "HS256")
        accessTokenLifetime = .seconds(60 * reader.integer("ACCESS_TOKEN_EXPIRE_MINUTES", 1...1440, default: 15))
        refreshTokenLifetime = .seconds(86_400 * reader.integer("REFRESH_TOKEN_EXPIRE_DAYS", 1...365, default: 30))
        limits = Limits(
            requests: reader.integer("RATE_LIMIT_REQUESTS", 1...1_000_000, default: 120),
            window: .seconds(reader.integer("RATE_LIMIT_WINDOW", 1...3600, default: 60)),
            socketsPerUser: reader.integer("MAX_SOCKETS_PER_USER", 1...100_000, default: 10),
            socketsPerAddress: reader.integer("MAX_SOCKETS_PER_ADDRESS", 1...1_000_000, default: 100),
            framesPerSecond: reader.integer("FRAMES_PER_SECOND", 1...1_000_000, default: 20),
            chatsPerSocket: reader.integer("MAX_CHATS_PER_SOCKET", 1...1_000_000, default: 10_000),
            authDeadline: .seconds(reader.integer("SOCKET_AUTH_SECONDS", 1...60, default: 5)),
            silence: .seconds(reader.integer("SOCKET_SILENCE_SECONDS", 2...45, default: 45)),
            heartbeat: .seconds(reader.integer("HEARTBEAT_SECONDS", 1...15, default: 15)),
            presence: .seconds(reader.integer("PRESENCE_TTL", 3...60, default: 60)),
            drain: .seconds(reader.integer("DRAIN_SECONDS", 0...20, default: 10))
        )
        spam = reader.spamRules()
        logins = LoginThrottle.Limits(
            failuresPerAccount: reader.integer("LOGIN_FAILURES_PER_ACCOUNT", 1...100_000, default: 10),
            failuresPerAddress: reader.integer("LOGIN_FAILURES_PER_ADDRESS", 1...100_000, default: 50)
        )
        trustedProxies = TrustedProxies(reader.networks("TRUSTED_PROXIES"))
        redoLimitBytes = reader.integer("REDO_LIMIT_BYTES", 1 << 20...1 << 40, default: 64 << 20)
        chatMemberLimit = reader.integer("MAX_CHAT_MEMBERS", 2...10_000, default: 100)
        allowedOrigins = reader.origins("ALLOWED_ORIGINS")
        let hsts = reader.integer("HSTS_SECONDS", 0...63_072_000, default: 0)
        transportSecurity = hsts > 0 ? .seconds(hsts) : nil
        compressesWebSockets = reader.choice("WEBSOCKET_COMPRESSION", ["on", "off"], default: "on") == "on"
        caches = reader.choice("CACHE", ["on", "off"], default: "on") == "on"
        host = reader.address("HOST", default: "127.0.0.1")
        port = reader.integer("PORT", 1...65_535, default: 8080)
        let level = reader.choice("LOG_LEVEL", LogLevel.allCases.map(\.rawValue), default: "info")
        logLevel = LogLevel(rawValue: level) ?? .info
        #if FAILPOINTS
        failpoints = reader.failpoints()
        #endif
        guard let secret, reader.problems.isEmpty else { throw ConfigurationError(problems: reader.problems) }
        self.secret = secret
    }

    private static func postgresFault(_ url: String) -> String? {
        do throws(PostgresError) {
            _ = try PostgresConfiguration(url: url)
            return nil
        } catch {
            return error.message
        }
    }

    private static func redisFault(_ url: String) -> String? {
        do throws(RedisError) {
            _ = try RedisURL(url)
            return nil
        } catch {
            return error.message
        }
    }
}

/// Values of the environment that do not fit, each with its mend.
struct ConfigurationError: Error, CustomStringConvertible {
    let problems: [String]
    var description: String { problems.joined(separator: "\n") }

    init(problems: [String]) { self.problems = problems }

    /// What the driver, which alone reads MongoDB's URL, refuses about it.
    init(_ refusal: MongoError) { problems = ["MONGODB_URL: \(refusal.message). It looks like mongodb://host:27017"] }
}

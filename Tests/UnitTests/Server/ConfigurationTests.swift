import Domain
import Security
import Testing

@testable import duologue

@Suite struct ConfigurationTests {
    private static let valid = [
        "POSTGRESQL_URL": "postgresql://app:hunter2@db.example:5432/app", "MONGODB_URL": "mongodb://db.example",
        "REDIS_URL": "redis://:hunter2@db.example", "SECRET_KEY": String(repeating: "k", count: 32),
    ]

    private static func problems(_ changes: [String: String]) -> [String] {
        do {
            _ = try Configuration(environment: valid.merging(changes) { $1 })
            return []
        } catch {
            return (error as? ConfigurationError)?.problems ?? ["\(error)"]
        }
    }

    @Test func `what is not set has a default`() throws {
        let configuration = try Configuration(environment: Self.valid)
        #expect(configuration.port == 8080)
        #expect(configuration.host == "127.0.0.1")
        #expect(configuration.mongoName == "duologue")
        #expect(configuration.accessTokenLifetime == .seconds(900))
        #expect(configuration.limits.requests == 120 && configuration.limits.window == .seconds(60))
        #expect(configuration.spam == SpamRules())
        #expect(try Configuration(environment: Self.valid.merging(["SPAM_GUARD": "off"]) { $1 }).spam == nil)
        #expect(configuration.chatMemberLimit == 100)
        #expect(configuration.logins.failuresPerAccount == 10 && configuration.logins.failuresPerAddress == 50)
        let strict = ["LOGIN_FAILURES_PER_ACCOUNT": "3", "LOGIN_FAILURES_PER_ADDRESS": "7"]
        let logins = try Configuration(environment: Self.valid.merging(strict) { $1 }).logins
        #expect(logins.failuresPerAccount == 3 && logins.failuresPerAddress == 7)
    }

    @Test(arguments: [
        ("POSTGRESQL_URL", ""), ("POSTGRESQL_URL", "mysql://db"), ("POSTGRESQL_URL", "postgresql://a:hunter2@[db/x"),
        ("MONGODB_URL", ""), ("MONGODB_URL", "db.example"), ("MONGODB_NAME", "a/b"), ("REDIS_URL", ""),
        ("REDIS_URL", "redis://:hunter2@db:port"), ("REDIS_URL", "rediss://db"), ("REDIS_URL", "redis://a,b"),
        ("REDIS_URL", "redis+cluster://a/1"), ("SECRET_KEY", ""),
        ("SECRET_KEY", "hunter2"), ("ALGORITHM", "none"), ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
        ("RATE_LIMIT_REQUESTS", "many"), ("RATE_LIMIT_WINDOW", "-1"), ("MAX_SOCKETS_PER_USER", "1e3"),
        ("SPAM_GUARD", "yes"), ("LOGIN_FAILURES_PER_ACCOUNT", "0"), ("LOGIN_FAILURES_PER_ADDRESS", "100001"),
        ("SPAM_REPEATS", "0"), ("SPAM_NEW_ACCOUNT_HOURS", "-1"), ("TRUSTED_PROXIES", "proxy"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"), ("PRESENCE_TTL", "2"), ("PRESENCE_TTL", "61"),
        ("ALLOWED_ORIGINS", "example.org"),
        ("ALLOWED_ORIGINS", "*"), ("ALLOWED_ORIGINS", "https://a.example/"), ("ALLOWED_ORIGINS", "https://A.example"),
        ("ALLOWED_ORIGINS", "https://a.example:443"), ("ALLOWED_ORIGINS", "https://me@a.example"),
        ("ALLOWED_ORIGINS", "null"), ("HSTS_SECONDS", "-1"),
        ("HOST", "localhost"), ("PORT", "65536"), ("MAX_CHAT_MEMBERS", "1"), ("MAX_CHAT_MEMBERS", "10001"),
        ("LOG_LEVEL", "verbose"), ("REDO_LIMIT_BYTES", "1000"), ("DUOLOGUE_FAILPOINTS", "commit.after=nothing"),
    ])
    func `a wrong value is refused by its variable's name and not repeated`(name: String, value: String) {
        let problems = Self.problems([name: value])
        #expect(problems.count == 1)
        #expect(problems.allSatisfy { $0.hasPrefix(name) && !$0.contains("hunter2") })
    }

    @Test func `everything that is wrong is said at once`() {
        #expect(Self.problems(["PORT": "x", "SECRET_KEY": "short", "REDIS_URL": "", "HOST": "?"]).count == 4)
    }

    @Test(
        arguments: [
            ([], nil), (["fly"], nil), (["migrate", "now"], nil), (["serve", "--roles"], nil),
            (["serve", "--roles", "api,,worker"], nil), (["serve"], .serve(.all)),
            (["serve", "--roles", "api,worker"], .serve([.api, .worker])),
            (["serve", "--roles=gateway"], .serve(.gateway)),
            (["migrate"], .migrate), (["version"], .version), (["serve", "--help"], .help(Usage.serve)),
        ] as [([String], Command?)]
    )
    func `a command line is a command or refused`(arguments: [String], expected: Command?) {
        #expect((try? Command.parse(arguments)) == expected)
    }

    @Test func `operators name an account and options, and no password`() throws {
        func request(_ arguments: String...) -> UserRequest? { try? UserRequest(arguments) }
        let made = request("create", "ada", "--email", "a@example.org", "--role=admin")
        #expect(made?.action == .create(email: "a@example.org", fullName: nil, role: .admin))
        #expect(made?.username == "ada" && made?.needsPassword == true)
        #expect(request("promote", "ada", "--role", "moderator")?.action == .promote(to: .moderator))
        #expect(request("disable", "ada")?.needsPassword == false)
        #expect(request("reset-password", "ada")?.needsPassword == true)
        for wrong in [
            ["create", "ada"], ["promote", "ada"], ["promote", "ada", "--role", "king"], ["disable"],
            ["reset-password", "ada", "hunter2"], ["disable", "ada", "--force", "x"], ["fly", "ada"],
            ["create", "ada", "--email", "a@b.c", "--email", "d@e.f"],
        ] {
            let error = #expect(throws: Command.Invalid.self) { _ = try UserRequest(wrong) }
            #expect(error?.message.contains("hunter2") == false)
        }
    }
}

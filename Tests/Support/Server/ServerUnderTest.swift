internal import Glibc
internal import IOCore

/// Where a server under test finds its stores.
package struct ServerStores: Sendable {
    package var postgresURL: String
    package var mongoURL: String
    package var mongoName: String
    package var redisURL: String

    /// The URLs and the name of MongoDB's database as the server's environment has them.
    package init(postgresURL: String, mongoURL: String, mongoName: String, redisURL: String) {
        self.postgresURL = postgresURL
        self.mongoURL = mongoURL
        self.mongoName = mongoName
        self.redisURL = redisURL
    }
}

/// The built `duologue` executable as a process of a test's own, on a free port of 127.0.0.1.
///
/// Killed and reaped when the object goes, and killed also when the test process dies before that.
package final class ServerUnderTest {
    /// Why there is no server.
    package struct Unavailable: Error {
        package let message: String
    }

    /// What all servers of the tests sign with, so that tests can sign as well.
    package static let secret = "a secret of the tests that is long enough to sign with"

    /// What a server logs once it lets sockets in.
    package static let readiness = "\"ready\""

    package let port: Int
    /// A command that becomes the server, put before it.
    package var launcher: [String] = []
    private let stores: ServerStores
    /// What goes over the environment from the next start on.
    package var variables: [String: String]
    private let logPath: String
    private var process: ChildProcess?

    /// Prepares a server that is not started yet; `variables` go over its generous limits.
    package init(stores: ServerStores, variables: [String: String] = [:]) throws {
        self.stores = stores
        self.variables = variables
        port = try FreePort.reserve()
        logPath = "/tmp/duologue-server-\(getpid())-\(port).log"
    }

    deinit {
        process?.kill()
        unsafe unlink(logPath)
    }

    /// Brings the stores to the schema; `migrate` runs to its end.
    package static func migrate(_ stores: ServerStores) async throws {
        let server = try ServerUnderTest(stores: stores)
        let process = try server.spawn("migrate")
        guard try await process.exitStatus(within: .seconds(120)) == 0 else {
            throw Unavailable(message: "duologue migrate failed:\n\(server.log)")
        }
    }

    /// Starts the process; it may take a while until it listens.
    package func launch() throws { process = try spawn("serve") }

    /// Starts the process and waits until it is ready for sockets.
    package func start() async throws {
        try launch()
        try await waitForLog(Self.readiness)
    }

    /// Starts a process anew after the last one has ended, and waits until it is ready for sockets.
    package func restart() async throws {
        let count = log.split(separator: Self.readiness, omittingEmptySubsequences: false).count - 1
        try launch()
        try await waitForLog(Self.readiness, after: count)
    }

    /// Everything the process has logged, over all of its starts.
    package var log: String { FileText.read(logPath) }

    /// Waits until the log holds `text` more than `count` times.
    package func waitForLog(_ text: String, after count: Int = 0, within limit: Duration = .seconds(120)) async throws {
        try await eventually("the server logs \(text); it logged:\n\(log.suffix(2000))", within: limit) {
            guard process?.isRunning == true else {
                throw Unavailable(message: "the server has ended:\n\(log.suffix(2000))")
            }
            return log.split(separator: text, omittingEmptySubsequences: false).count - 1 > count
        }
    }

    /// SIGKILL, and its end.
    package func kill() {
        process?.kill()
        process = nil
    }

    /// SIGTERM.
    package func terminate() { process?.signal(SIGTERM) }

    /// SIGSTOP: its connections stay open and nothing answers.
    package func freeze() { process?.signal(SIGSTOP) }

    /// SIGCONT, also for one that has stopped itself.
    package func resume() { process?.signal(SIGCONT) }

    /// How the process ended; nil while it runs.
    package var end: String? { process?.end }

    /// Whether it was started and has not ended.
    package var isRunning: Bool { process?.isRunning == true }

    /// The exit status of a process that ends by itself; nil when a signal ended it.
    package func exitStatus(within limit: Duration) async throws -> Int32? {
        defer { process = nil }
        return try await process?.exitStatus(within: limit)
    }

    /// Runs another command of the product to its end, with the server's stores; its output is beside the server's log.
    package func run(_ arguments: [String], within limit: Duration) async throws -> (status: Int32?, output: String) {
        let path = logPath + ".command"
        defer { unsafe unlink(path) }
        let process = try ChildProcess(
            launcher + [Self.executable] + arguments,
            environment: environment,
            output: path
        )
        let status = try await process.exitStatus(within: limit)
        return (status, FileText.read(path))
    }

    private func spawn(_ command: String) throws -> ChildProcess {
        try ChildProcess(launcher + [Self.executable, command], environment: environment, output: logPath)
    }

    private var environment: [String: String] {
        var environment = [
            "POSTGRESQL_URL": stores.postgresURL, "MONGODB_URL": stores.mongoURL, "MONGODB_NAME": stores.mongoName,
            "REDIS_URL": stores.redisURL, "SECRET_KEY": Self.secret, "HOST": "127.0.0.1", "PORT": "\(port)",
            "RATE_LIMIT_REQUESTS": "1000000", "MAX_CHAT_MEMBERS": "10000", "MAX_SOCKETS_PER_USER": "1000",
            "MAX_SOCKETS_PER_ADDRESS": "10000", "FRAMES_PER_SECOND": "100000", "SPAM_GUARD": "off",
            "PATH": "/usr/bin:/bin",
        ]
        environment.merge(variables) { $1 }
        return environment
    }

    /// The product beside the test bundle that is running.
    private static let executable: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/duologue"
    }()
}

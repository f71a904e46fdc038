internal import Audit
internal import Glibc
internal import IOCore
internal import Mongo
internal import Postgres
internal import Storage

/// `duologue audit`: compares both stores, and mends what differs when it is told to.
enum Audit {
    /// Runs an audit and prints what it found; 0 when the stores agree, 1 when they differ, 2 when one is out of reach.
    static func run(_ request: AuditRequest, _ configuration: Configuration) async -> Int32 {
        let bar = ProgressBar()
        do {
            let outcome = try await audit(request, configuration, bar)
            bar.clear()
            print(request.printsJSON ? AuditText.json(outcome) : AuditText.table(outcome))
            return outcome.isClean ? 0 : 1
        } catch {
            bar.clear()
            LogSink.standardError.write(Array("duologue: the audit could not be done: \(error)".utf8))
            return 2
        }
    }

    private static func audit(
        _ request: AuditRequest,
        _ configuration: Configuration,
        _ bar: ProgressBar
    ) async throws -> AuditOutcome {
        let stores = try StoreConfiguration(
            postgresURL: configuration.postgresURL,
            mongoURL: configuration.mongoURL,
            mongoDatabase: configuration.mongoName,
            redisURL: configuration.redisURL
        )
        var options = Auditor.Options()
        options.chat = request.chat
        options.since = request.since.map { $0.time(now: WallClock.now()) }
        options.repairs = request.repairs
        let loop = EventLoop(name: "audit")
        let blocking = BlockingPool(name: "blocking", threads: 2, queueLimit: 16)
        loop.start()
        defer {
            loop.stop()
            blocking.shutdown()
        }
        let logger = Logger(label: "audit", level: configuration.logLevel)
        return try await loop.run { [options] actor in
            try await AuditStores.audit(stores, options, loop: actor.loop, blocking: blocking, logger: logger) {
                bar.show($0, of: $1)
            }
        }
    }
}

/// How far it is, on one line of standard error; nothing where that is no terminal.
final class ProgressBar: Sendable {
    private let isOn = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private static let width = 40

    /// Shows how much of the whole is done.
    func show(_ done: Int, of total: Int) {
        guard isOn, total > 0 else { return }
        let filled = done * Self.width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        let rate = Int(Double(done) / max(0.001, (ContinuousClock.now - start).seconds))
        write("\r[\(bar)] \(done * 100 / total) %  \(rate) rows/s \u{1B}[K")
    }

    /// Takes the line away again.
    func clear() { if isOn { write("\r\u{1B}[K") } }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

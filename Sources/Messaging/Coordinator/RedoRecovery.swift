package import Domain
package import IOCore

/// Finishes what crashed or stalled nodes left in the redo table.
///
/// Loop-bound.
///
/// Safe beside live nodes and other recoveries: post-images never go backwards, announcements are dropped by offset, and
/// a row is forgotten only after both.
package final class RedoRecovery {
    private let loop: EventLoop
    private let log: any CommitLog
    private let bodies: any BodyStore
    private let broker: any Broker
    private let logger: Logger
    private let recovered: Counter
    private let failures: Counter
    /// When the alarm about a row was last raised.
    private var alarms: [BatchID: ContinuousClock.Instant] = [:]

    /// Rows taken in one pass.
    package static let batchLimit = 32
    private static let alarmAttempts = 20
    private static let alarmInterval = Duration.seconds(60)
    /// A third of a lease.
    private static let renewInterval = Duration.seconds(1)

    /// Makes a recovery over stores of the same loop.
    package init(
        loop: EventLoop,
        log: any CommitLog,
        bodies: any BodyStore,
        broker: any Broker,
        registry: MetricsRegistry,
        logger: Logger
    ) {
        self.loop = loop
        self.log = log
        self.bodies = bodies
        self.broker = broker
        self.logger = logger
        recovered = registry.counter("duologue_redo_recovered_total", help: "Redo rows finished by recovery.")
        failures = registry.counter("duologue_redo_failures_total", help: "Steps of a recovery that failed.")
    }

    /// One pass: leases expired rows, applies, announces and drops each; returns how many it finished.
    ///
    /// - Throws: `StoreError` when Postgres cannot be asked; a failure of one row leaves it for the next pass.
    package func pass() async throws -> Int {
        await finish(try await log.takeExpired(limit: Self.batchLimit))
    }

    /// Finishes what covers the events of a chat up to an offset, unless a live node is busy with it; returns how many
    /// rows that were.
    ///
    /// - Throws: `StoreError` when Postgres cannot be asked.
    package func finish(covering chat: ChatID, through offset: Offset) async throws -> Int {
        await finish(try await log.takeCovering(chat, through: offset))
    }

    private func finish(_ rows: [RedoBatch]) async -> Int {
        for row in rows where row.attempts > Self.alarmAttempts { alarm(row) }
        var pass = RecoveryPass(rows)
        var leased = loop.now
        while let action = pass.action {
            if loop.now - leased >= Self.renewInterval {
                // Keeps others from doing the same work; safety does not rest on it.
                try? await log.renew(pass.held)
                leased = loop.now
            }
            do {
                try await perform(action)
                pass.succeeded()
            } catch {
                let failure = error as? StoreError ?? StoreError(.mongo, .unknown, "\(error)")
                failures.increment()
                logger.warning(
                    "redo not recovered",
                    Self.fields(action).merging(["error": .string("\(failure)")]) { $1 }
                )
                pass.failed(failure)
            }
        }
        recovered.increment(by: pass.finished.count)
        return pass.finished.count
    }

    private func perform(_ action: RecoveryPass.Action) async throws {
        switch action {
        case .apply(let row): try await bodies.apply(row.operations.flatMap(PostImages.documents(of:)))
        case .quarantine(let id, let chats, let reason):
            try await log.quarantine(chats, of: id, reason: reason)
            logger.error("chats are quarantined", .quarantine(id, chats, reason))
        case .announce(let row): await broker.announce(row.operations.map(PostImages.announcement(of:)))
        case .drop(let rows): try await log.drop(rows)
        }
    }

    /// At most once a minute for each row.
    private func alarm(_ row: RedoBatch) {
        let now = loop.now
        alarms = alarms.filter { now - $0.value < Self.alarmInterval }
        guard alarms[row.id] == nil else { return }
        alarms[row.id] = now
        logger.error("redo row is stuck", ["batch": .string(row.id.description), "attempts": .int(row.attempts)])
    }

    private static func fields(_ action: RecoveryPass.Action) -> [String: LogValue] {
        switch action {
        case .apply(let row): ["step": "apply", "batch": .string(row.id.description), "attempts": .int(row.attempts)]
        case .quarantine(let id, _, _): ["step": "quarantine", "batch": .string(id.description)]
        case .announce(let row): ["step": "announce", "batch": .string(row.id.description)]
        case .drop: ["step": "drop"]
        }
    }
}

extension [String: LogValue] {
    /// What the log says of chats that are set apart.
    static func quarantine(_ batch: BatchID, _ chats: Set<ChatID>, _ reason: String) -> Self {
        [
            "batch": .string(batch.description), "reason": .string(reason),
            "chats": .string(chats.sorted().map(\.description).joined(separator: " ")),
        ]
    }
}

package import Domain
package import IOCore

/// Finishes what crashed or stalled nodes left in the redo table.
///
/// Loop-bound.
///
/// Safe beside live nodes and other recoveries: post-images never go backwards, announcements are dropped by offset, and
/// a row is forgotten only after both.
package final class RedoRecovery {
    private let log: any CommitLog
    private let bodies: any BodyStore
    private let broker: any Broker
    private let logger: Logger
    private let recovered: Counter
    private let stuck: Gauge
    private let rows: Gauge
    private let bytes: Gauge

    /// Rows taken in one pass.
    package static let batchLimit = 32
    private static let alarmAttempts = 20

    /// Makes a recovery over stores of the same loop.
    package init(
        log: any CommitLog,
        bodies: any BodyStore,
        broker: any Broker,
        registry: MetricsRegistry,
        logger: Logger
    ) {
        self.log = log
        self.bodies = bodies
        self.broker = broker
        self.logger = logger
        recovered = registry.counter("duologue_redo_recovered_total", help: "Redo rows finished by recovery.")
        stuck = registry.gauge("duologue_redo_stuck", help: "Redo rows tried more than 20 times.")
        rows = registry.gauge("duologue_redo_rows", help: "Committed batches not yet finished, over all nodes.")
        bytes = registry.gauge("duologue_redo_bytes", help: "Bytes of batches not yet finished, over all nodes.")
    }

    /// One pass: leases expired rows, applies, announces and drops each; returns how many it finished.
    ///
    /// - Throws: `StoreError` when Postgres cannot be asked; a failure of one row leaves it for the next pass.
    package func pass() async throws -> Int {
        let depth = try await log.depth()
        rows.set(depth.rows)
        bytes.set(depth.bytes)
        let batches = try await log.takeExpired(limit: Self.batchLimit)
        stuck.set(batches.count { $0.attempts > Self.alarmAttempts })
        var finished: [BatchID] = []
        for batch in batches where await finish(batch) { finished.append(batch.id) }
        if !finished.isEmpty { try await log.drop(finished) }
        recovered.increment(by: finished.count)
        return finished.count
    }

    private func finish(_ batch: RedoBatch) async -> Bool {
        do {
            try await bodies.apply(batch.operations.flatMap(PostImages.documents(of:)))
        } catch {
            let fields: [String: LogValue] = [
                "batch": .string(batch.id.description), "attempts": .int(batch.attempts), "error": .string("\(error)"),
            ]
            if batch.attempts > Self.alarmAttempts {
                logger.error("redo row is stuck", fields)
            } else {
                logger.warning("redo row not applied", fields)
            }
            return false
        }
        await broker.announce(batch.operations.map(PostImages.announcement(of:)))
        return true
    }
}

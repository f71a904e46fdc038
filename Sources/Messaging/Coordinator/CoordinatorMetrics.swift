internal import Domain
package import IOCore

/// What a write coordinator counts.
package struct CoordinatorMetrics: Sendable {
    private let acknowledged: Counter
    private let duplicates: Counter
    private let refused: Counter
    private let unchanged: Counter
    private let moved: Counter
    private let latency: Histogram
    private let redoRows: Gauge
    private let redoBytes: Gauge
    private let redoOldest: Gauge
    private let redoStuck: Gauge
    private let quarantinedChats: Gauge
    /// Operations in each batch.
    package let batchSize: Histogram

    /// Registers the metrics.
    package init(registry: MetricsRegistry) {
        let help = "Durable writes by what became of them."
        let name = "duologue_writes_total"
        acknowledged = registry.counter(name, help: help, labels: [("outcome", "acknowledged")])
        duplicates = registry.counter(name, help: help, labels: [("outcome", "duplicate")])
        unchanged = registry.counter(name, help: help, labels: [("outcome", "unchanged")])
        moved = registry.counter(name, help: help, labels: [("outcome", "moved")])
        refused = registry.counter(name, help: help, labels: [("outcome", "refused")])
        latency = registry.histogram("duologue_write_seconds", help: "Time from submission to the answer.")
        redoRows = registry.gauge("duologue_redo_rows", help: "Committed batches not yet finished, over all nodes.")
        redoBytes = registry.gauge("duologue_redo_bytes", help: "Bytes of batches not yet finished, over all nodes.")
        redoOldest = registry.gauge("duologue_redo_oldest_seconds", help: "Age of the oldest unfinished batch.")
        redoStuck = registry.gauge("duologue_redo_stuck", help: "Redo rows tried more than 20 times.")
        quarantinedChats = registry.gauge(
            "duologue_redo_quarantined_chats",
            help: "Chats closed to writes because MongoDB refuses a document of theirs."
        )
        batchSize = registry.histogram(
            "duologue_batch_operations",
            help: "Operations committed in one batch.",
            buckets: Histogram.sizeBuckets
        )
    }

    func answered(_ result: Result<CommitLane.Outcome, Failure>, after duration: Duration) {
        switch result {
        case .success(.duplicate), .success(.existingChat): duplicates.increment()
        case .success(.committed): acknowledged.increment()
        case .success(.unchanged): unchanged.increment()
        case .success(.moved): moved.increment()
        case .failure: refused.increment()
        }
        latency.observe(duration.seconds)
    }

    func measured(_ depth: RedoDepth) {
        redoRows.set(depth.rows)
        redoBytes.set(depth.bytes)
        redoOldest.set(Int(depth.oldestAge.components.seconds))
        redoStuck.set(depth.stuckRows)
        quarantinedChats.set(depth.quarantinedChats)
    }
}

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
}

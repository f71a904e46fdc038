internal import Domain
package import IOCore
internal import Mongo
internal import Postgres
internal import Redis

/// Counts and times what is asked of the stores: `duologue_store_seconds` and `duologue_store_errors_total`.
package final class StoreMetrics: Sendable {
    private let registry: MetricsRegistry
    private let mongo: [MongoOperation: Histogram]
    private let errors: [StoreError.Store: Counter]

    /// Registers the metrics; one for the process.
    package init(registry: MetricsRegistry) {
        self.registry = registry
        var mongo: [MongoOperation: Histogram] = [:]
        for operation in MongoOperation.allCases {
            mongo[operation] = Self.histogram(registry, .mongo, operation.rawValue)
        }
        self.mongo = mongo
        var errors: [StoreError.Store: Counter] = [:]
        for store in StoreError.Store.allCases {
            errors[store] = registry.counter(
                "duologue_store_errors_total",
                help: "Failed calls of the stores.",
                labels: [("store", store.rawValue)]
            )
        }
        self.errors = errors
    }

    private static func histogram(
        _ registry: MetricsRegistry,
        _ store: StoreError.Store,
        _ operation: String
    ) -> Histogram {
        registry.histogram(
            "duologue_store_seconds",
            help: "Time from asking a store to its answer.",
            labels: [("store", store.rawValue), ("operation", operation)]
        )
    }

    /// An observer for one loop's Postgres client; it remembers the histograms, so that statements take no shared lock.
    func postgresObserver() -> (PostgresObservation) -> Void {
        var histograms: [String: Histogram] = [:]
        return { [registry, errors] observation in
            let histogram =
                histograms[observation.name] ?? Self.histogram(registry, .postgres, observation.name)
            histograms[observation.name] = histogram
            histogram.observe(observation.duration.seconds)
            if observation.error != nil { errors[.postgres]?.increment() }
        }
    }

    /// The observer of the process's MongoDB client.
    func mongoObserver() -> MongoObserver {
        { [mongo, errors] operation, latency, error in
            mongo[operation]?.observe(latency.seconds)
            if error != nil { errors[.mongo]?.increment() }
        }
    }

    /// What a call of Redis is to be told when it is over, with its start and whether it succeeded; takes no shared lock.
    func redisRecorder(_ operation: String) -> (ContinuousClock.Instant, Bool) -> Void {
        let histogram = Self.histogram(registry, .redis, operation)
        return { [errors] start, isGood in
            histogram.observe(since: start)
            if !isGood { errors[.redis]?.increment() }
        }
    }

    /// Runs and counts a call of Redis, and throws what its failure means.
    func redis<Value>(
        _ operation: String,
        _ body: () async throws(RedisError) -> Value
    ) async throws(StoreError) -> Value {
        let histogram = Self.histogram(registry, .redis, operation)
        let start = ContinuousClock.now
        defer { histogram.observe(since: start) }
        do {
            return try await body()
        } catch {
            errors[.redis]?.increment()
            throw StoreError(error)
        }
    }
}

package import Domain
package import IOCore

/// What the cache was good for, by kind, since the process began.
///
/// A read is counted once it is answered, and once however often the stores were asked for it.
package struct CacheMetrics: Sendable {
    /// The counts of one kind; hits, misses and bypassed make all reads.
    package struct Counts: Sendable {
        /// Reads that the cache answered.
        package let hits: Counter
        /// Reads of which the cache held nothing valid, or which were the first at their state and did not ask.
        package let misses: Counter
        /// Reads that did not use the cache: it is off, could not be asked, or does not hold what is read.
        package let bypassed: Counter
        /// Values that were sent to the cache.
        package let fills: Counter

        /// Hits among hits and misses; nil before the first.
        package var ratio: Double? {
            let asked = hits.value + misses.value
            return asked > 0 ? Double(hits.value) / Double(asked) : nil
        }
    }

    private let counts: [CacheKind: Counts]

    /// Counts in the registry of the process, where all loops find the same ones.
    package init(registry: MetricsRegistry) {
        var counts: [CacheKind: Counts] = [:]
        for kind in CacheKind.allCases {
            func reads(_ outcome: String) -> Counter {
                registry.counter(
                    "duologue_cache_reads_total",
                    help: "Reads that the cache is for, by what it was good for; profiles are never cached.",
                    labels: [("kind", kind.rawValue), ("outcome", outcome)]
                )
            }
            counts[kind] = Counts(
                hits: reads("hit"),
                misses: reads("miss"),
                bypassed: reads("bypassed"),
                fills: registry.counter(
                    "duologue_cache_fills_total",
                    help: "Values sent to the cache.",
                    labels: [("kind", kind.rawValue)]
                )
            )
        }
        self.counts = counts
    }

    /// The counts of a kind.
    package subscript(kind: CacheKind) -> Counts {
        guard let found = counts[kind] else { preconditionFailure("every kind has its counts") }
        return found
    }
}

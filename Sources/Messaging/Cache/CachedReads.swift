package import Domain
internal import IOCore

/// The cache as reading services use it: values are what they are asked for, at the very state that is asked for, or there are none.
///
/// Loop-bound. Only what the loop reads for the second time at one state is looked for and kept: a look that finds nothing costs a
/// sixth of the read, which a chat that changes between its reads would pay for nothing.
package final class CachedReads {
    /// What came of a look for some values.
    struct Findings {
        var bodies: [CacheKey: [UInt8]] = [:]
        var misses = 0
        var bypassed = 0
    }

    private let cache: (any ReadCache)?
    private let metrics: CacheMetrics
    private var recent = RecentReads()

    /// Uses a cache of the same loop; without one every read is counted as bypassed.
    package init(cache: (any ReadCache)?, metrics: CacheMetrics) {
        self.cache = cache
        self.metrics = metrics
    }

    /// Whether anything is looked for at all.
    var isOn: Bool { cache != nil }

    /// Those of the bodies that are kept and were made at their stamps.
    ///
    /// Nothing is counted yet: a read for which the stores are asked again looks again, and is one read all the same.
    func look(for wanted: [CacheKey: CacheStamp]) async -> Findings {
        guard let cache else { return Findings(bypassed: wanted.count) }
        let repeated = wanted.filter { recent.note($0.key, at: $0.value) }
        var found = Findings(misses: wanted.count - repeated.count)
        guard !repeated.isEmpty else { return found }
        guard let values = await cache.values(under: Array(repeated.keys)) else {
            found.bypassed = repeated.count
            return found
        }
        for (key, stamp) in repeated {
            guard let value = values[key] else { continue }
            found.bodies[key] = CacheEntry.body(of: value, under: key, at: stamp)
        }
        found.misses += repeated.count - found.bodies.count
        return found
    }

    /// Counts the reads of one kind that a look was for.
    func count(_ kind: CacheKind, _ found: Findings) {
        metrics[kind].hits.increment(by: found.bodies.count)
        metrics[kind].misses.increment(by: found.misses)
        metrics[kind].bypassed.increment(by: found.bypassed)
    }

    /// Keeps what was made at exactly this stamp, if it was looked for and not found; nobody waits for it.
    func keep(_ body: @autoclosure () -> [UInt8], under key: CacheKey, at stamp: CacheStamp) {
        guard let cache, recent.isRepeated(key, at: stamp),
            cache.keep(CacheEntry.encode(body(), under: key, at: stamp), under: key)
        else { return }
        metrics[key.kind].fills.increment()
    }

    /// Counts a read for which the cache is no use.
    func bypass(_ kind: CacheKind) { metrics[kind].bypassed.increment() }
}

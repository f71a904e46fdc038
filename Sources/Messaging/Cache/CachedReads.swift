package import Domain
internal import IOCore

/// The cache as reading services use it: values are what they are asked for, at the very state that is asked for, or there are none.
///
/// Loop-bound. Only what the loop reads for the second time at one state is looked for and kept: a look that finds nothing costs a
/// sixth of the read, which a chat that changes between its reads would pay for nothing.
package final class CachedReads {
    private let cache: any ReadCache
    private let metrics: CacheMetrics
    private var recent = RecentReads()

    /// Uses a cache of the same loop.
    package init(cache: any ReadCache, metrics: CacheMetrics) {
        self.cache = cache
        self.metrics = metrics
    }

    /// The body kept under a key, if it was made at this stamp.
    func body(under key: CacheKey, at stamp: CacheStamp) async -> [UInt8]? {
        await bodies(key.kind, [key: stamp])[key]
    }

    /// Those of the bodies of one kind that are kept and were made at their stamps.
    func bodies(_ kind: CacheKind, _ wanted: [CacheKey: CacheStamp]) async -> [CacheKey: [UInt8]] {
        let repeated = wanted.filter { recent.note($0.key, at: $0.value) }
        metrics[kind].misses.increment(by: wanted.count - repeated.count)
        guard !repeated.isEmpty else { return [:] }
        guard let values = await cache.values(under: Array(repeated.keys)) else {
            metrics[kind].bypassed.increment(by: repeated.count)
            return [:]
        }
        var bodies: [CacheKey: [UInt8]] = [:]
        for (key, stamp) in repeated {
            guard let value = values[key] else { continue }
            bodies[key] = CacheEntry.body(of: value, under: key, at: stamp)
        }
        metrics[kind].hits.increment(by: bodies.count)
        metrics[kind].misses.increment(by: repeated.count - bodies.count)
        return bodies
    }

    /// Keeps what was made at exactly this stamp, if it was looked for and not found; nobody waits for it.
    func keep(_ body: [UInt8], under key: CacheKey, at stamp: CacheStamp) {
        guard recent.isRepeated(key, at: stamp), cache.keep(CacheEntry.encode(body, under: key, at: stamp), under: key)
        else { return }
        metrics[key.kind].fills.increment()
    }

    /// Counts reads for which the cache is no use.
    func bypass(_ kind: CacheKind, _ count: Int = 1) { metrics[kind].bypassed.increment(by: count) }
}

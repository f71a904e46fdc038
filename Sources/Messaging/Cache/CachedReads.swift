package import Domain
internal import IOCore

/// The cache as reading services use it: values are what they are asked for, at the very state that is asked for, or there are none.
///
/// Loop-bound.
package final class CachedReads {
    private let cache: any ReadCache
    private let metrics: CacheMetrics

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
        guard !wanted.isEmpty else { return [:] }
        guard let values = await cache.values(under: Array(wanted.keys)) else {
            metrics[kind].bypassed.increment(by: wanted.count)
            return [:]
        }
        var bodies: [CacheKey: [UInt8]] = [:]
        for (key, stamp) in wanted {
            guard let value = values[key] else { continue }
            bodies[key] = CacheEntry.body(of: value, under: key, at: stamp)
        }
        metrics[kind].hits.increment(by: bodies.count)
        metrics[kind].misses.increment(by: wanted.count - bodies.count)
        return bodies
    }

    /// Keeps what was made at exactly this stamp; nobody waits for it.
    func keep(_ body: [UInt8], under key: CacheKey, at stamp: CacheStamp) {
        guard cache.keep(CacheEntry.encode(body, under: key, at: stamp), under: key) else { return }
        metrics[key.kind].fills.increment()
    }

    /// Counts reads for which the cache is no use.
    func bypass(_ kind: CacheKind, _ count: Int = 1) { metrics[kind].bypassed.increment(by: count) }
}

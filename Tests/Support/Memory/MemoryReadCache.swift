package import Domain

/// The twin of the cache: several nodes may share one.
package final class MemoryReadCache: ReadCache {
    private var values: [CacheKey: [UInt8]] = [:]
    /// While true it can neither be asked nor filled.
    package var isAway = false
    /// Awaited before each look, with the keys asked for.
    package var beforeLook: ([CacheKey]) async -> Void = { _ in }
    /// While set, values wait here and are kept only by `release`, as those of a slow connection.
    package var holdsFills = false
    private var held: [(key: CacheKey, value: [UInt8])] = []

    /// An empty cache.
    package init() {}

    /// How many values are kept.
    package var count: Int { values.count }

    package func values(under keys: [CacheKey]) async -> [CacheKey: [UInt8]]? {
        await beforeLook(keys)
        guard !isAway else { return nil }
        return values.filter { keys.contains($0.key) }
    }

    @discardableResult
    package func keep(_ value: [UInt8], under key: CacheKey) -> Bool {
        guard !isAway, value.count <= Self.valueLimitBytes else { return false }
        if holdsFills { held.append((key, value)) } else { values[key] = value }
        return true
    }

    /// Keeps the values that were held, the last one first where `backwards`.
    package func release(backwards: Bool = false) {
        for (key, value) in backwards ? held.reversed() : held { values[key] = value }
        held = []
        holdsFills = false
    }

    /// Makes something else of every value.
    package func tamper(_ change: ([UInt8]) -> [UInt8]) { values = values.mapValues(change) }
}

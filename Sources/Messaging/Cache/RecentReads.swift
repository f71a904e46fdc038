internal import Domain

/// What a loop has read lately, and at which state: what it reads once more at the same state it will likely read again.
///
/// A value. It forgets what was not read among the last `limit` different things, and may forget it at twice as many.
struct RecentReads {
    private struct Sighting {
        let stamp: CacheStamp
        let isRepeated: Bool
    }

    private let limit: Int
    private var newer: [CacheKey: Sighting] = [:]
    private var older: [CacheKey: Sighting] = [:]

    init(limit: Int = 4_096) { self.limit = limit }

    /// Notes a read; whether the last one under the same key was at the same stamp.
    mutating func note(_ key: CacheKey, at stamp: CacheStamp) -> Bool {
        let isRepeated = (newer[key] ?? older[key])?.stamp == stamp
        newer[key] = Sighting(stamp: stamp, isRepeated: isRepeated)
        if newer.count >= limit {
            older = newer
            newer = [:]
        }
        return isRepeated
    }

    /// Whether the last read under a key was at this stamp, and not the first one.
    func isRepeated(_ key: CacheKey, at stamp: CacheStamp) -> Bool {
        guard let sighting = newer[key] ?? older[key] else { return false }
        return sighting.isRepeated && sighting.stamp == stamp
    }
}

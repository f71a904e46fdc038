package import Domain
package import IOCore
internal import Messaging
package import Redis

/// The cache in Redis.
///
/// Loop-bound, like its client. A lookup that takes long is given up without harm to the connection, and after a few of them Redis
/// is left alone for a second; one that is away is noticed at once.
package final class RedisReadCache: ReadCache {
    private let client: RedisClient
    private let loop: EventLoop
    private let prefix: String
    private var breaker = CircuitBreaker()
    private var fills = 0
    private var fillBytes = 0

    /// After which the stores are the faster way.
    static let patience = Duration.milliseconds(50)
    /// Most values that are under way to Redis.
    static let fillLimit = 256
    /// Most bytes of them: the broker and presence use the same connection.
    static let fillLimitBytes = 1 << 20
    /// Keys of one bucket lie in one slot of a cluster, so that a list of chats takes few commands.
    private static let bucketCount: Int64 = 16

    /// Keeps values under `<prefix>:cache:<format>:`.
    package init(client: RedisClient, loop: EventLoop, prefix: String) {
        self.client = client
        self.loop = loop
        self.prefix = prefix
    }

    package func values(under keys: [CacheKey]) async -> [CacheKey: [UInt8]]? {
        guard breaker.admit(at: loop.now) == nil else { return nil }
        let lookup = CacheLookup()
        let found = await withCheckedContinuation { continuation in
            lookup.begin(continuation)
            for keys in Dictionary(grouping: keys, by: Self.bucket(of:)).values {
                lookup.expect()
                let isSent = client.post(RedisCommands.MultiGet(keys.map(name(of:)))) { lookup.receive($0, of: keys) }
                guard isSent else { return lookup.end(.refused) }
            }
            lookup.isComplete = true
            lookup.timer = loop.schedule(after: Self.patience) { lookup.end(.late) }
        }
        switch found {
        case .values(let values):
            breaker.succeeded()
            return values
        // No connection, or many commands before it: not asked, so nothing is learnt.
        case .refused: return nil
        case .late, .failed:
            breaker.failed(at: loop.now)
            return nil
        }
    }

    @discardableResult
    package func keep(_ value: [UInt8], under key: CacheKey) -> Bool {
        let size = value.count
        // What does not answer lookups is sent nothing either.
        guard breaker.isClosed, size <= Self.valueLimitBytes, fills < Self.fillLimit,
            fillBytes + size <= Self.fillLimitBytes
        else { return false }
        let command = RedisCommands.Set(name(of: key), to: value, lifetime: Self.lifetime)
        guard client.post(command, then: { [weak self] _ in self?.ended(size) }) else { return false }
        fills += 1
        fillBytes += size
        return true
    }

    private func ended(_ size: Int) {
        fills -= 1
        fillBytes -= size
    }

    private static func bucket(of key: CacheKey) -> Int64 { key.subject % bucketCount }

    private func name(of key: CacheKey) -> String {
        let numbers = ([key.subject] + key.part).map { ":\($0)" }.joined()
        return "\(prefix):cache:\(CacheEntry.format):{\(Self.bucket(of: key))}:\(key.kind.rawValue)\(numbers)"
    }
}

/// One lookup and what it has so far; whatever ends it first counts.
private final class CacheLookup {
    enum Outcome {
        case values([CacheKey: [UInt8]])
        case refused, late, failed
    }

    /// Set once every command is sent.
    var isComplete = false { didSet { endIfAnswered() } }
    var timer: LoopTimer? { didSet { if continuation == nil { timer?.cancel() } } }
    private var continuation: CheckedContinuation<Outcome, Never>?
    private var values: [CacheKey: [UInt8]] = [:]
    private var pending = 0

    func begin(_ continuation: CheckedContinuation<Outcome, Never>) { self.continuation = continuation }

    func expect() { pending += 1 }

    func receive(_ result: Result<[[UInt8]?], RedisError>, of keys: [CacheKey]) {
        pending -= 1
        guard case .success(let found) = result, found.count == keys.count else { return end(.failed) }
        for (key, value) in zip(keys, found) { values[key] = value }
        endIfAnswered()
    }

    func end(_ outcome: Outcome) {
        timer?.cancel()
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    private func endIfAnswered() { if isComplete, pending == 0 { end(.values(values)) } }
}

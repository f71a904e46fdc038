import Domain
import IOCore
import Messaging
import Redis
import Storage
import Support
import Testing

/// Counts in a real Redis, and in a real cluster.
@Suite(.realTime) struct LimitStoreTests {
    private static func scenarios(_ fixture: RedisFixture) async throws {
        let loop = fixture.loop
        try await loop.run { _ in
            let store = RedisLimitStore(
                client: fixture.client.value,
                prefix: fixture.prefix,
                metrics: StoreMetrics(registry: MetricsRegistry())
            )
            try await LimitScenarios(store) { await loop.sleep(for: $0) }.run()
        }
    }

    @Test func `Redis counts as it is to`() async throws {
        try await RedisFixture.run { try await Self.scenarios($0) }
    }

    @Test func `a cluster counts no less, whatever slot a key is in`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) { try await Self.scenarios($0) }
    }

    @Test func `a Redis that has forgotten the scripts is told them again`() async throws {
        let redis = try await PrivateRedis()
        try await RedisFixture.run(url: redis.url) { fixture in
            try await Self.scenarios(fixture)
            try await fixture.send(RedisCommands.Raw("SCRIPT", "FLUSH"))
            try await fixture.send(RedisCommands.Raw("FLUSHALL"))
            try await Self.scenarios(fixture)
        }
    }

    @Test func `every key ends by itself and holds nothing a client could choose`() async throws {
        let redis = try await PrivateRedis()
        try await RedisFixture.run(url: redis.url) { fixture in
            try await Self.scenarios(fixture)
            guard case .array(let keys) = try await fixture.send(RedisCommands.Raw("KEYS", "*")) else {
                return #expect(Bool(false))
            }
            #expect(keys.count > 10)
            for case .string(let bytes) in keys {
                let key = String(decoding: bytes, as: UTF8.self)
                // −1 is a key that stays for ever; −2 one that has ended since it was listed.
                let remaining = try await fixture.send(RedisCommands.Raw("PTTL", key)).decodeInteger()
                #expect(remaining != -1, "\(key)")
                #expect(key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !key.contains("somebody"))
            }
        }
    }

    @Test func `after its clock was set back nobody waits longer than a count takes`() async throws {
        let redis = try await PrivateRedis()
        try await RedisFixture.run(url: redis.url) { fixture in
            let rules = SpamRules(repetitions: 1, repetitionWindow: .seconds(1), messages: 4, floodWindow: .seconds(2))
            let (pace, text) = ("\(fixture.prefix):spam:{1}:pace", "\(fixture.prefix):spam:{2}:text:01")
            // What is left of a count by a clock that was a day ahead.
            func set(_ key: String) async throws {
                try await fixture.send(RedisCommands.Raw("SET", key, "99999999999999.000"))
            }
            try await set(pace)
            try await fixture.send(RedisCommands.Raw("SADD", text, "somebody"))
            try await fixture.send(RedisCommands.Raw("PEXPIRE", text, "86400000"))
            #expect(try await Self.judge(fixture, user: 1, rules)?.rule == .flood)
            #expect(try await Self.judge(fixture, user: 2, rules)?.rule == .repetition)
            _ = try await Self.failures(fixture, 1, window: .seconds(36_000))
            guard case .array(let keys) = try await fixture.send(RedisCommands.Raw("KEYS", "*:failures:*")),
                keys.count == 1, case .string(let bytes) = keys[0]
            else { return #expect(Bool(false)) }
            try await set(String(decoding: bytes, as: UTF8.self))
            let wait = try await Self.failures(fixture, 0)
            #expect(wait > .zero && wait <= .milliseconds(501))
            try await fixture.loop.run { _ in await fixture.loop.sleep(for: .milliseconds(1_500)) }
            #expect(try await Self.failures(fixture, 0) == .zero)
            #expect(try await Self.judge(fixture, user: 1, rules) == nil)
            #expect(try await Self.judge(fixture, user: 2, rules) == nil)
        }
    }

    private static func judge(_ fixture: RedisFixture, user: Int64, _ rules: SpamRules) async throws -> SpamRefusal? {
        try await asking(fixture) { store, answer in
            let suspect = SpamSuspect(
                user: UserID(rawValue: user),
                operations: [.random()],
                text: [1],
                isLinkOfYoungAccount: false
            )
            store.judge(suspect, by: rules, then: answer)
        }
    }

    /// Four are free.
    private static func failures(
        _ fixture: RedisFixture,
        _ count: Int,
        window: Duration = .seconds(2)
    ) async throws -> Duration {
        try await asking(fixture) { store, answer in
            store.failures(count, of: "somebody", limit: 4, window: window, then: answer)
        }
    }

    private static func asking<Value: Sendable>(
        _ fixture: RedisFixture,
        _ question: @escaping @Sendable (RedisLimitStore, @escaping LimitAnswer<Value>) -> Void
    ) async throws -> Value {
        try await fixture.loop.run { _ in
            let store = RedisLimitStore(
                client: fixture.client.value,
                prefix: fixture.prefix,
                metrics: StoreMetrics(registry: MetricsRegistry())
            )
            return try await withCheckedThrowingContinuation { continuation in
                question(store) { continuation.resume(with: $0.mapError { $0 as any Error }) }
            }
        }
    }

    // MARK: Nodes

    /// A limiter of one loop of a node; different nodes share no leases.
    private static func limiter(
        _ fixture: RedisFixture,
        _ leases: RateLeases,
        prefix: String,
        _ quota: RateQuota
    ) async -> LoopBound<RateLimiter> {
        await fixture.loop.actor.run { actor in
            let registry = MetricsRegistry()
            let store = RedisLimitStore(
                client: fixture.client.value,
                prefix: prefix,
                metrics: StoreMetrics(registry: registry)
            )
            let logger = Logger(label: "test", level: .error, sink: .silent)
            let limiter = RateLimiter(
                loop: actor.loop,
                policy: RatePolicy(base: quota),
                leases: leases,
                store: store,
                watch: LimitWatch(
                    loop: actor.loop,
                    store: store,
                    alarm: LimitAlarm(registry: registry, logger: logger)
                ),
                patience: .seconds(60),
                registry: registry
            )
            return LoopBound(limiter, loop: actor.loop)
        }
    }

    /// How many of 640 requests pass, sent by 64 callers at once, each to one of the limiters after the other.
    private static func admitted(_ limiters: [LoopBound<RateLimiter>], _ bucket: RateBucket) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for caller in 0..<64 {
                let limiter = limiters[caller % limiters.count]
                group.addTask(executorPreference: limiter.loop) {
                    await limiter.loop.actor.run { _ in
                        var count = 0
                        for _ in 0..<10 {
                            if case .admitted = await limiter.value.take(bucket) { count += 1 }
                        }
                        return count
                    }
                }
            }
            return await group.reduce(0, +)
        }
    }

    @Test(arguments: [1, 20, 120, 500])
    func `callers at once on two loops of a node get exactly what the bucket holds`(tokens: Int) async throws {
        let quota = RateQuota(tokens: tokens, window: .seconds(360_000))
        try await RedisFixture.run { first in
            try await RedisFixture.run { second in
                let leases = RateLeases()
                let limiters = [
                    await Self.limiter(first, leases, prefix: first.prefix, quota),
                    await Self.limiter(second, leases, prefix: first.prefix, quota),
                ]
                let bucket = RateBucket(.user(UserID(rawValue: 1)), .write)
                #expect(await Self.admitted(limiters, bucket) == tokens)
                #expect(await Self.admitted(limiters, bucket) == 0)
            }
        }
    }

    @Test(arguments: [1, 20, 120, 500])
    func `two nodes never give out more than the bucket holds`(tokens: Int) async throws {
        let quota = RateQuota(tokens: tokens, window: .seconds(360_000))
        try await RedisFixture.run { first in
            try await RedisFixture.run { second in
                let limiters = [
                    await Self.limiter(first, RateLeases(), prefix: first.prefix, quota),
                    await Self.limiter(second, RateLeases(), prefix: first.prefix, quota),
                ]
                let bucket = RateBucket(.address(7), .auth)
                let admitted = await Self.admitted(limiters, bucket)
                #expect(admitted <= tokens && admitted >= tokens - tokens / 10)
            }
        }
    }
}

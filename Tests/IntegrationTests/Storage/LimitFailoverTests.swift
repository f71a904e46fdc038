import Domain
import IOCore
import Messaging
import Redis
import Storage
import Support
import Testing

/// Limits on a Redis Cluster that loses a master.
@Suite(.realTime) struct LimitFailoverTests {
    /// A limiter of a node, patient enough that only failures, and no slow machine, make it think Redis away.
    ///
    /// Loop-bound.
    private final class Scene {
        let watch: LimitWatch
        let limiter: RateLimiter
        let registry = MetricsRegistry()
        private static let quota = RateQuota(tokens: 3, window: .seconds(360_000))
        private static let patience = Duration.seconds(60)

        init(_ fixture: RedisFixture, _ loop: EventLoop, sink: LogSink) {
            let store = RedisLimitStore(
                client: fixture.client.value,
                prefix: fixture.prefix,
                metrics: StoreMetrics(registry: registry)
            )
            let logger = Logger(label: "test", level: .error, sink: sink)
            let alarm = LimitAlarm(registry: registry, logger: logger)
            watch = LimitWatch(loop: loop, store: store, alarm: alarm, patience: Self.patience)
            limiter = RateLimiter(
                loop: loop,
                policy: RatePolicy(base: Self.quota),
                leases: RateLeases(),
                store: store,
                watch: watch,
                patience: Self.patience,
                registry: registry
            )
        }

        func take(_ user: Int64) async -> RateVerdict {
            await limiter.take(RateBucket(.user(UserID(rawValue: user)), .write))
        }

        /// Whether so many requests of a new user pass as the quota has, and no more.
        func countsAnew(_ user: Int64) async -> Bool {
            for _ in 0..<Self.quota.tokens {
                guard case .admitted = await take(user) else { return false }
            }
            return await isRefused(user)
        }

        func isRefused(_ user: Int64) async -> Bool {
            if case .refused = await take(user) { true } else { false }
        }
    }

    /// So many that every master has some of them.
    private static let users: ClosedRange<Int64> = 1...48

    @Test func `while a master is away all pass, which is told once, and once it is replaced limits hold again`()
        async throws
    {
        let cluster = try await PrivateRedisCluster()
        let capture = LogCapture()
        try await RedisFixture.run(url: cluster.url) { fixture in
            try await fixture.loop.run { actor in
                let scene = Scene(fixture, actor.loop, sink: capture.sink)
                for user in Self.users { #expect(await scene.countsAnew(user)) }
                cluster.kill(0)
                var stranger = Self.users.upperBound
                try await eventually("limits are off") {
                    stranger += 1
                    _ = await scene.take(stranger)
                    return scene.watch.isAway
                }
                // Nobody asks meanwhile, so that this takes no time in which it could be over.
                for user in Self.users { #expect(await scene.take(user) == .unchecked) }
                #expect(scene.registry.render().contains("duologue_limits_degraded 1"))
                try await eventually("limits hold again") { !scene.watch.isAway }
                #expect(scene.registry.render().contains("duologue_limits_degraded 0"))
                for user in Self.users {
                    #expect(await scene.isRefused(user))
                    #expect(await scene.countsAnew(10_000 + user))
                }
            }
        }
        let lines = capture.lines
        #expect(lines.filter { $0.contains("limits are off") && $0.contains("error") }.count == 1)
        #expect(lines.filter { $0.contains("limits hold again") && $0.contains("error") }.count == 1)
    }
}

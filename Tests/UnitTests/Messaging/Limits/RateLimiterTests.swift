import Domain
import IOCore
import Support
import Testing

@testable import Messaging

/// A limiter over the twin of the store.
@Suite(.realTime) struct RateLimiterTests {
    private static let quota = RateQuota(tokens: 40, window: .seconds(60))
    private static let bucket = RateBucket(.user(UserID(rawValue: 7)), .write)

    /// Loop-bound.
    private final class Scene {
        let store = MemoryLimitStore()
        let registry = MetricsRegistry()
        let watch: LimitWatch
        let limiter: RateLimiter
        let loop: EventLoop

        init(loop: EventLoop, patience: Duration, sink: LogSink) {
            self.loop = loop
            let logger = Logger(label: "test", level: .error, sink: sink)
            watch = LimitWatch(loop: loop, store: store, alarm: LimitAlarm(registry: registry, logger: logger))
            limiter = RateLimiter(
                loop: loop,
                policy: RatePolicy(base: RateLimiterTests.quota),
                leases: RateLeases(),
                store: store,
                watch: watch,
                patience: patience,
                registry: registry
            )
        }

        func take(_ count: Int) async -> [RateVerdict] {
            var verdicts: [RateVerdict] = []
            for _ in 0..<count { verdicts.append(await limiter.take(RateLimiterTests.bucket)) }
            return verdicts
        }
    }

    private static func run(
        patience: Duration = .seconds(30),
        sink: LogSink = .silent,
        _ body: @escaping @Sendable (Scene) async throws -> Void
    ) async throws {
        try await onLoop { actor in
            try await body(Scene(loop: actor.loop, patience: patience, sink: sink))
        }
    }

    private static func isAdmitted(_ verdict: RateVerdict) -> Bool {
        if case .admitted = verdict { true } else { false }
    }

    @Test func `of many requests exactly as many pass as the bucket holds, for a fraction of the calls`() async throws {
        try await Self.run { scene in
            let verdicts = await scene.take(100)
            #expect(verdicts.prefix(40).allSatisfy(Self.isAdmitted))
            #expect(!verdicts.dropFirst(40).contains(where: Self.isAdmitted))
            guard case .refused(let standing, let wait)? = verdicts.last else { return #expect(Bool(false)) }
            #expect(standing.remaining == 0 && wait > .zero && wait <= .milliseconds(1_500))
            #expect(scene.store.questions < 41, "those beyond it do not ask")
        }
    }

    @Test func `a wide bucket in use costs few calls`() async throws {
        try await Self.run { scene in
            let wide = RateLimiter(
                loop: scene.loop,
                policy: RatePolicy(base: RateQuota(tokens: 1_000_000, window: .seconds(60))),
                leases: RateLeases(),
                store: scene.store,
                watch: scene.watch,
                patience: .seconds(30),
                registry: scene.registry
            )
            for _ in 0..<5_000 { #expect(await Self.isAdmitted(wide.take(Self.bucket))) }
            // Unless this machine takes seconds for it, over which leases end.
            #expect(scene.store.questions < 100)
        }
    }

    @Test func `classes and subjects have buckets of their own`() async throws {
        try await Self.run { scene in
            _ = await scene.take(41)
            for other in [
                RateBucket(.user(UserID(rawValue: 7)), .read), RateBucket(.user(UserID(rawValue: 8)), .write),
                RateBucket(RateBucket.Subject(peer: "192.0.2.1"), .write),
            ] {
                let verdict = await scene.limiter.take(other)
                #expect(Self.isAdmitted(verdict))
            }
        }
    }

    @Test func `a store that fails lets all pass at once, and says so once`() async throws {
        let capture = LogCapture()
        try await Self.run(sink: capture.sink) { scene in
            scene.store.conduct = .fails(StoreError(.redis, .retryable, "away"))
            let verdicts = await scene.take(100)
            #expect(verdicts.allSatisfy { $0 == .unchecked })
            #expect(scene.watch.isAway)
            #expect(scene.store.questions < 100, "while it is known to be away it is left alone")
            #expect(scene.registry.render().contains("duologue_limits_degraded 1"))
            scene.store.conduct = .answers
            try await eventually("limits hold again") {
                _ = await scene.take(1)
                return !scene.watch.isAway
            }
            let verdict = await scene.take(1)
            #expect(verdict.allSatisfy(Self.isAdmitted))
            #expect(scene.registry.render().contains("duologue_limits_degraded 0"))
        }
        let lines = capture.lines
        #expect(lines.filter { $0.contains("limits are off") && $0.contains("error") }.count == 1)
        #expect(lines.filter { $0.contains("limits hold again") && $0.contains("error") }.count == 1)
    }

    @Test func `nobody waits longer than they may for a store that is silent, and then nobody at all`() async throws {
        try await Self.run(patience: .milliseconds(20)) { scene in
            scene.store.conduct = .isSilent
            for user in 1...3 {
                let verdict = await scene.limiter.take(RateBucket(.user(UserID(rawValue: Int64(user))), .write))
                #expect(verdict == .unchecked)
            }
            #expect(scene.watch.isAway)
            let asked = scene.store.questions
            let verdicts = await scene.take(50)
            #expect(verdicts.allSatisfy { $0 == .unchecked })
            #expect(scene.store.questions - asked < 10, "but for a probe now and then")
            scene.store.answerAll()
            scene.store.conduct = .answers
            try await eventually("limits hold again") {
                _ = await scene.take(1)
                return !scene.watch.isAway
            }
        }
    }

    @Test func `a store whose answers all come late is away no less`() async throws {
        try await Self.run(patience: .milliseconds(20)) { scene in
            scene.store.conduct = .isSilent
            for user in 1...3 {
                let verdict = await scene.limiter.take(RateBucket(.user(UserID(rawValue: Int64(user))), .write))
                #expect(verdict == .unchecked)
                // It comes, when nobody waits any more.
                scene.store.answerFirst()
            }
            #expect(scene.watch.isAway)
        }
    }

    @Test func `an error about one question lets only that one pass`() async throws {
        try await Self.run { scene in
            for _ in 0..<5 {
                scene.store.conduct = .fails(StoreError(.redis, .permanent, "WRONGTYPE"))
                let failed = await scene.limiter.take(RateBucket(.user(UserID(rawValue: 1)), .write))
                #expect(failed == .unchecked && !scene.watch.isAway)
                scene.store.conduct = .answers
                let answered = await scene.limiter.take(RateBucket(.user(UserID(rawValue: 2)), .search))
                #expect(answered != .unchecked)
            }
            scene.store.conduct = .fails(StoreError(.redis, .permanent, "WRONGTYPE"))
            for _ in 0..<3 { _ = await scene.limiter.take(RateBucket(.user(UserID(rawValue: 1)), .write)) }
            #expect(scene.watch.isAway)
        }
    }

    @Test func `classes have shares of the base`() {
        let policy = RatePolicy(base: RateQuota(tokens: 120, window: .seconds(60)))
        let tokens = RateClass.allCases.map { policy.quota($0).tokens }
        #expect(tokens == [600, 120, 120, 60, 30, 120, 600])
        let least = RatePolicy(base: RateQuota(tokens: 1, window: .seconds(1)))
        #expect(RateClass.allCases.map { least.quota($0).tokens } == [5, 1, 1, 1, 1, 1, 5])
    }
}

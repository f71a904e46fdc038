package import Domain
package import IOCore
internal import Synchronization

/// What a node knows of buckets, shared by its loops.
package final class RateLeases: Sendable {
    /// Somebody on some loop who waits for a verdict.
    struct Ticket: Sendable {
        let limiter: LoopBound<RateLimiter>
        let number: Int
    }

    private let table: Mutex<LeaseTable<Ticket>>

    /// Most buckets a node remembers unless told otherwise.
    package static let usualLimit = 50_000

    /// Knows nothing yet, and never more buckets than `limit`.
    package init(limit: Int = usualLimit) { table = Mutex(LeaseTable(limit: limit)) }

    func with<Result: Sendable>(_ body: (inout LeaseTable<Ticket>) -> Result) -> Result { table.withLock { body(&$0) } }
}

/// Admits requests as far as the buckets they count against hold tokens, over all nodes.
///
/// Loop-bound; the loops of a node share their leases. No request waits longer than `patience`, and none at all while the store is
/// known not to answer: it passes then.
package final class RateLimiter {
    private let loop: EventLoop
    private let policy: RatePolicy
    private let leases: RateLeases
    private let store: any LimitStore
    private let watch: LimitWatch
    private let question: LimitQuestion
    private let refused: [RateClass: Counter]
    private var waiting: [Int: (RateVerdict) -> Void] = [:]
    private var lastNumber = 0

    /// How long a request waits for its verdict.
    package static let usualPatience = Duration.milliseconds(100)

    /// A limiter over the store of its loop.
    package init(
        loop: EventLoop,
        policy: RatePolicy,
        leases: RateLeases,
        store: any LimitStore,
        watch: LimitWatch,
        patience: Duration = usualPatience,
        registry: MetricsRegistry
    ) {
        self.loop = loop
        self.policy = policy
        self.leases = leases
        self.store = store
        self.watch = watch
        question = LimitQuestion(loop: loop, watch: watch, patience: patience)
        var refused: [RateClass: Counter] = [:]
        for rateClass in RateClass.allCases {
            refused[rateClass] = registry.counter(
                "duologue_rate_limited_total",
                help: "Requests and commands refused because their quota is used up.",
                labels: [("class", rateClass.rawValue)]
            )
        }
        self.refused = refused
    }

    /// The quota of a class.
    package func quota(_ rateClass: RateClass) -> RateQuota { policy.quota(rateClass) }

    /// Counts a request.
    package func take(_ bucket: RateBucket) async -> RateVerdict {
        await withCheckedContinuation { continuation in
            take(bucket) { continuation.resume(returning: $0) }
        }
    }

    /// Counts a request of which the node knows at once what becomes of it; nil, and not counted, of any other.
    package func takeNow(_ bucket: RateBucket) -> RateVerdict? {
        guard !watch.isAway else { return nil }
        let (quota, now) = (policy.quota(bucket.rateClass), loop.now)
        return leases.with { $0.takeHeld(bucket, quota, now: now) }.map { noted($0, bucket) }
    }

    private func take(_ bucket: RateBucket, then done: @escaping (RateVerdict) -> Void) {
        if let verdict = takeNow(bucket) { return done(verdict) }
        guard !watch.isAway else { return done(noted(.unchecked, bucket)) }
        let (quota, now) = (policy.quota(bucket.rateClass), loop.now)
        lastNumber += 1
        let ticket = RateLeases.Ticket(limiter: LoopBound(self, loop: loop), number: lastNumber)
        // Before another loop can tell it.
        waiting[ticket.number] = { [self] verdict in done(noted(verdict, bucket)) }
        switch leases.with({ $0.take(bucket, quota, now: now, for: ticket) }) {
        case .decided(let verdict): tell([(ticket, verdict)])
        case .wait: break
        case .ask(let demand): ask(demand, of: bucket, quota, since: now)
        }
    }

    /// `start` is before any of those waits who wait for it.
    private func ask(
        _ demand: TokenDemand,
        of bucket: RateBucket,
        _ quota: RateQuota,
        since start: ContinuousClock.Instant
    ) {
        let asked = loop.now
        question.ask(since: start) {
            store.take(demand, from: bucket, quota, then: $0)
        } late: { [self] result in
            settle(bucket, quota, result, since: asked)
        } then: { [self] outcome in
            switch outcome {
            case .answer(let grant): settle(bucket, quota, .success(grant), since: asked)
            case .late: tell(leases.with { $0.abandon(bucket) })
            case .failure: tell(leases.with { $0.fail(bucket) })
            }
        }
    }

    private func settle(
        _ bucket: RateBucket,
        _ quota: RateQuota,
        _ result: Result<TokenGrant, StoreError>,
        since asked: ContinuousClock.Instant
    ) {
        let now = loop.now
        guard case .success(let grant) = result else { return tell(leases.with { $0.fail(bucket) }) }
        let (told, next) = leases.with { $0.settle(bucket, quota, grant, now: now) }
        tell(told)
        if let next { ask(next, of: bucket, quota, since: asked) }
    }

    private func tell(_ tickets: [RateLeases.Ticket]) { tell(tickets.map { ($0, .unchecked) }) }

    private func tell(_ verdicts: [(RateLeases.Ticket, RateVerdict)]) {
        for (ticket, verdict) in verdicts {
            if ticket.limiter.loop === loop {
                waiting.removeValue(forKey: ticket.number)?(verdict)
            } else {
                ticket.limiter.loop.execute {
                    ticket.limiter.value.waiting.removeValue(forKey: ticket.number)?(verdict)
                }
            }
        }
    }

    private func noted(_ verdict: RateVerdict, _ bucket: RateBucket) -> RateVerdict {
        switch verdict {
        case .admitted: break
        case .refused: refused[bucket.rateClass]?.increment()
        case .unchecked: watch.letThrough()
        }
        return verdict
    }
}

/// How many requests of each class are free.
package struct RatePolicy: Sendable {
    /// Of changes; the other classes have a share or a multiple of it.
    package let base: RateQuota

    /// A policy that follows from the base.
    package init(base: RateQuota) { self.base = base }

    /// The quota of a class, one at least.
    package func quota(_ rateClass: RateClass) -> RateQuota {
        let tokens =
            switch rateClass {
            case .read, .stranger: base.tokens * 5
            case .write, .auth, .renewal: base.tokens
            case .search: base.tokens / 2
            case .expensive: base.tokens / 4
            }
        return RateQuota(tokens: max(1, tokens), window: base.window)
    }
}

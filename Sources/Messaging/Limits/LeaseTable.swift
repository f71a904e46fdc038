package import Domain

/// The tokens that a node holds of buckets all nodes share, and who waits for more of them.
///
/// A value; the time is given to it. The first request of a bucket asks the store for one token. A bucket that goes on being used is
/// leased more at a time, twice as many with each lease, up to a twentieth of what is left in it: so a busy user costs the store a
/// call now and then, and near its end a bucket is taken from one by one. What is not used within a second goes back with the next
/// call. A node so never gives out what it was not given, and alone it gives out exactly what the bucket holds.
struct LeaseTable<Waiter: Sendable>: Sendable {
    /// What is to be done with a request.
    enum Decision {
        case decided(RateVerdict)
        /// Others have asked already: it is told with them.
        case wait
        case ask(TokenDemand)
    }

    private struct Lease: Sendable {
        var tokens = 0
        /// Left in the bucket when it was last asked.
        var rest = 0
        var ends: ContinuousClock.Instant
        /// Until when the bucket is empty, if nobody gives anything back.
        var emptyUntil: ContinuousClock.Instant?
        var spare = 0
        /// Needed by those who wait, as of the call that is under way; nil while none is.
        var asked: Int?
        /// Whether that call is late, so that nobody waits for it any more.
        var isLate = false
        var waiters: [Waiter] = []
    }

    private var leases: [RateBucket: Lease] = [:]
    private let limit: Int

    /// How long leased tokens may be used.
    private static var lifetime: Duration { .seconds(1) }
    /// Most tokens leased ahead of any need.
    private static var mostSpare: Int { 1_024 }

    /// A table that remembers so many buckets.
    init(limit: Int) { self.limit = limit }

    /// How many buckets are remembered.
    var count: Int { leases.count }

    /// Takes one token of a bucket, if the node knows what becomes of that; nil where the store is to be asked.
    mutating func takeHeld(_ bucket: RateBucket, _ quota: RateQuota, now: ContinuousClock.Instant) -> RateVerdict? {
        guard let lease = leases[bucket] else { return nil }
        if lease.tokens > 0, now < lease.ends {
            leases[bucket]?.tokens -= 1
            return .admitted(RateStanding(quota: quota, remaining: min(quota.tokens, lease.tokens - 1 + lease.rest)))
        }
        // Not believed for longer than a lease holds, so that a store which has gone is noticed.
        if let end = lease.emptyUntil, now < end, now < lease.ends {
            return .refused(Self.standing(lease, quota), wait: end - now)
        }
        return lease.isLate ? .unchecked : nil
    }

    /// Takes one token of a bucket, or lets `waiter` wait for what ``settle(_:_:_:now:)`` or ``fail(_:)`` tells it.
    mutating func take(
        _ bucket: RateBucket,
        _ quota: RateQuota,
        now: ContinuousClock.Instant,
        for waiter: Waiter
    ) -> Decision {
        if let verdict = takeHeld(bucket, quota, now: now) { return .decided(verdict) }
        if leases[bucket] == nil, leases.count >= limit { prune(now: now) }
        var lease = leases[bucket] ?? Lease(ends: now)
        defer { leases[bucket] = lease }
        lease.waiters.append(waiter)
        guard lease.asked == nil else { return .wait }
        let isBusy = lease.tokens == 0 && now < lease.ends
        lease.spare = isBusy ? min(max(1, lease.spare * 2), Self.mostSpare) : 0
        return .ask(Self.demand(&lease))
    }

    /// Hands out what the store gave; where more wait by now than were asked for, they are to be asked for next.
    mutating func settle(
        _ bucket: RateBucket,
        _ quota: RateQuota,
        _ grant: TokenGrant,
        now: ContinuousClock.Instant
    ) -> (told: [(Waiter, RateVerdict)], next: TokenDemand?) {
        guard var lease = leases[bucket], let asked = lease.asked else { return ([], nil) }
        defer { leases[bucket] = lease }
        lease.asked = nil
        lease.isLate = false
        lease.tokens = grant.tokens
        lease.rest = grant.rest
        lease.ends = now + Self.lifetime
        lease.emptyUntil = grant.tokens < asked ? now + max(grant.wait, .milliseconds(1)) : nil
        var told: [(Waiter, RateVerdict)] = []
        let served = min(lease.waiters.count, grant.tokens)
        for waiter in lease.waiters.prefix(served) {
            lease.tokens -= 1
            told.append((waiter, .admitted(Self.standing(lease, quota))))
        }
        lease.waiters.removeFirst(served)
        guard !lease.waiters.isEmpty else { return (told, nil) }
        guard lease.emptyUntil == nil else {
            let refusal = RateVerdict.refused(Self.standing(lease, quota), wait: grant.wait)
            told += lease.waiters.map { ($0, refusal) }
            lease.waiters = []
            return (told, nil)
        }
        lease.spare = min(max(1, lease.spare * 2), Self.mostSpare)
        return (told, Self.demand(&lease))
    }

    /// The store did not answer: gives back those who wait.
    mutating func fail(_ bucket: RateBucket) -> [Waiter] {
        let waiters = abandon(bucket)
        leases[bucket]?.asked = nil
        leases[bucket]?.isLate = false
        return waiters
    }

    /// The store is late: gives back those who wait; its answer may still come, and nobody waits for it.
    mutating func abandon(_ bucket: RateBucket) -> [Waiter] {
        let waiters = leases[bucket]?.waiters ?? []
        leases[bucket]?.waiters = []
        leases[bucket]?.isLate = true
        return waiters
    }

    /// Asks for all who wait, and gives back what was leased and not used.
    private static func demand(_ lease: inout Lease) -> TokenDemand {
        let demand = TokenDemand(needed: lease.waiters.count, spare: lease.spare, returned: lease.tokens)
        lease.tokens = 0
        lease.asked = demand.needed
        return demand
    }

    private static func standing(_ lease: Lease, _ quota: RateQuota) -> RateStanding {
        RateStanding(quota: quota, remaining: min(quota.tokens, lease.tokens + lease.rest))
    }

    /// Forgets what has ended and, if that is not a quarter, others that no call is under way for; tokens of theirs are lost to all.
    ///
    /// Those others in no order: to sort so many would hold up every loop of the node.
    private mutating func prune(now: ContinuousClock.Instant) {
        leases = leases.filter { $0.value.asked != nil || now < $0.value.ends }
        var excess = leases.count - limit * 3 / 4
        guard excess > 0 else { return }
        leases = leases.filter { entry in
            guard excess > 0, entry.value.asked == nil else { return true }
            excess -= 1
            return false
        }
    }
}

/// What became of a request that is counted.
package enum RateVerdict: Sendable, Equatable {
    case admitted(RateStanding)
    case refused(RateStanding, wait: Duration)
    /// Let through uncounted, because the store of counts does not answer.
    case unchecked
}

/// How much of a quota is left.
package struct RateStanding: Sendable, Equatable {
    package let quota: RateQuota
    /// As far as the node knows: others may have taken of it since.
    package let remaining: Int

    /// How long until all of it is there again, if nothing more is taken.
    package var untilFull: Duration { quota.time(for: quota.tokens - remaining) }

    package init(quota: RateQuota, remaining: Int) {
        self.quota = quota
        self.remaining = remaining
    }
}

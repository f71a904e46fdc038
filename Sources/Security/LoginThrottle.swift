internal import Domain

/// Slows down the guessing of passwords, by account and by address, in bounded memory.
///
/// Ask ``retryAfter(account:address:now:)`` before hashing, and once more before a login succeeds: guesses in flight
/// together then gain nothing over guesses in sequence. Record only failures of well-formed logins. Unknown accounts must
/// be counted like known ones, or the throttle tells who exists. One node counts for itself.
package struct LoginThrottle: Sendable {
    /// How many failures are free within how long.
    package struct Limits: Equatable, Sendable {
        package var failuresPerAccount: Int
        package var failuresPerAddress: Int
        package var window: Duration
        /// How many accounts, and how many addresses, are remembered at most.
        package var maximumEntries: Int

        package init(
            failuresPerAccount: Int = 10,
            failuresPerAddress: Int = 50,
            window: Duration = .seconds(15 * 60),
            maximumEntries: Int = 10_000
        ) {
            self.failuresPerAccount = failuresPerAccount
            self.failuresPerAddress = failuresPerAddress
            self.window = window
            self.maximumEntries = maximumEntries
        }
    }

    private var accounts: FailureBuckets
    private var addresses: FailureBuckets

    /// Remembers nothing yet.
    package init(limits: Limits = Limits()) {
        accounts = FailureBuckets(limit: limits.failuresPerAccount, limits)
        addresses = FailureBuckets(limit: limits.failuresPerAddress, limits)
    }

    /// How long, in whole seconds and at least one, until `account` may be tried from `address` again; nil means now.
    ///
    /// `account` is any key that all spellings of one account share.
    package func retryAfter(account: String, address: String, now: ContinuousClock.Instant) -> Duration? {
        let wait = max(accounts.wait(for: account, now: now), addresses.wait(for: address, now: now))
        guard wait > .zero else { return nil }
        return .seconds(wait.secondsRoundedUp)
    }

    /// Counts one wrong password for both; amortised constant time.
    package mutating func recordFailure(account: String, address: String, now: ContinuousClock.Instant) {
        accounts.recordFailure(of: account, now: now)
        addresses.recordFailure(of: address, now: now)
    }

    /// The number of keys remembered, for a gauge.
    package var entryCount: Int { accounts.count + addresses.count }
}

/// One leaky bucket a key, kept as the single instant at which it will have run empty (GCRA, ITU-T I.371).
private struct FailureBuckets: Sendable {
    private let interval: Duration
    private let tolerance: Duration
    private let window: Duration
    private let maximumEntries: Int
    private var emptyAt: [String: ContinuousClock.Instant] = [:]

    init(limit: Int, _ limits: LoginThrottle.Limits) {
        precondition(limit > 0 && limits.maximumEntries > 0, "a throttle needs limits above zero")
        interval = limits.window / limit
        tolerance = interval * (limit - 1)
        window = interval * limit
        maximumEntries = limits.maximumEntries
    }

    var count: Int { emptyAt.count }

    func wait(for key: String, now: ContinuousClock.Instant) -> Duration {
        guard let end = emptyAt[key] else { return .zero }
        return max(.zero, now.duration(to: end) - tolerance)
    }

    mutating func recordFailure(of key: String, now: ContinuousClock.Instant) {
        if emptyAt[key] == nil && emptyAt.count >= maximumEntries { prune(now: now) }
        let end = max(emptyAt[key] ?? now, now).advanced(by: interval)
        // Failures that were in flight when the bucket filled do not lock anyone out for longer.
        emptyAt[key] = min(end, now.advanced(by: window))
    }

    /// Forgets what has run empty and, if that is not a quarter, the keys with the fewest failures: whoever floods the
    /// table with single failures pushes out those, never an account under attack.
    private mutating func prune(now: ContinuousClock.Instant) {
        emptyAt = emptyAt.filter { $0.value > now }
        let excess = emptyAt.count - maximumEntries * 3 / 4
        guard excess > 0 else { return }
        for (key, _) in emptyAt.sorted(by: { $0.value < $1.value }).prefix(excess) {
            emptyAt[key] = nil
        }
    }
}

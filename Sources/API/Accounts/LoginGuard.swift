internal import Domain
internal import IOCore
internal import Messaging
internal import Security

/// Slows down the guessing of passwords over all nodes.
///
/// Loop-bound. Every failure is counted by this node and, once, by the store that all nodes share; the longer wait of the two holds.
/// So nothing is forgotten when the store is away: the node goes by what it has counted all the time.
final class LoginGuard {
    private let throttle: SharedLoginThrottle
    private let store: any LimitStore
    private let question: LimitQuestion

    init(
        loop: EventLoop,
        throttle: SharedLoginThrottle,
        store: any LimitStore,
        watch: LimitWatch,
        patience: Duration = RateLimiter.usualPatience
    ) {
        self.throttle = throttle
        self.store = store
        question = LimitQuestion(loop: loop, watch: watch, patience: patience)
    }

    /// How long, in whole seconds, until `account` may be tried from `address` again; nil means now.
    ///
    /// The same is asked of the store whether the account exists or not.
    func retryAfter(account: String, address: String) async -> Duration? {
        let address = Self.place(address)
        let known = throttle.retryAfter(account: account, address: address) ?? .zero
        let shared = await count(0, account, address)
        let wait = max(known, shared)
        return wait > .zero ? .seconds(wait.secondsRoundedUp) : nil
    }

    /// Counts a wrong password.
    func recordFailure(account: String, address: String) async {
        let address = Self.place(address)
        throttle.recordFailure(account: account, address: address)
        _ = await count(1, account, address)
    }

    /// Counts in the store and tells the longer wait of the two; none where it does not answer.
    private func count(_ failures: Int, _ account: String, _ address: String) async -> Duration {
        let limits = throttle.limits
        // Together, and so within one bound: keys of two slots take two calls.
        return await question.answer { (then: @escaping LimitAnswer<Duration>) in
            let both = Both(then)
            self.store.failures(
                failures,
                of: "account \(account)",
                limit: limits.failuresPerAccount,
                window: limits.window,
                then: both.add
            )
            self.store.failures(
                failures,
                of: "address \(address)",
                limit: limits.failuresPerAddress,
                window: limits.window,
                then: both.add
            )
        } ?? .zero
    }

    /// One subscriber of IPv6 has more addresses than could be counted.
    private static func place(_ address: String) -> String { RateBucket(RateBucket.Subject(peer: address), .auth).name }

    /// Joins two answers to the longer wait, or to the first failure.
    private final class Both {
        private var first: Result<Duration, StoreError>?
        private let then: LimitAnswer<Duration>

        init(_ then: @escaping LimitAnswer<Duration>) { self.then = then }

        func add(_ answer: Result<Duration, StoreError>) {
            guard let first else {
                first = answer
                return
            }
            switch (first, answer) {
            case (.success(let one), .success(let other)): then(.success(max(one, other)))
            case (.failure, _): then(first)
            case (_, .failure): then(answer)
            }
        }
    }
}

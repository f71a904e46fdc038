/// Keeps callers away from a store that does not answer (M.
///
/// Nygard, "Release It!", 2007).
///
/// Closed, it lets everything through. After `threshold` failures in a row it opens and refuses for `pause`; then one
/// probe may pass, and what becomes of it closes or opens it again. A value: the time is given to it.
package struct CircuitBreaker: Sendable {
    private enum State {
        case closed(failures: Int)
        case open(until: ContinuousClock.Instant)
        case probing(until: ContinuousClock.Instant)
    }

    private let threshold: Int
    private let pause: Duration
    private var state = State.closed(failures: 0)

    /// A closed breaker.
    package init(threshold: Int = 5, pause: Duration = .seconds(1)) {
        self.threshold = threshold
        self.pause = pause
    }

    /// Nil when the call may go ahead; otherwise how long to stay away.
    ///
    /// An expired pause lets one call through.
    package mutating func admit(at now: ContinuousClock.Instant) -> Duration? {
        switch state {
        case .closed: return nil
        case .open(let until), .probing(let until):
            guard now >= until else { return until - now }
            // The probe gets a pause's time to report; then the next one may try.
            state = .probing(until: now + pause)
            return nil
        }
    }

    /// Whether everything is let through; asking takes no probe.
    package var isClosed: Bool {
        if case .closed = state { true } else { false }
    }

    /// A call succeeded.
    package mutating func succeeded() { state = .closed(failures: 0) }

    /// A call failed.
    package mutating func failed(at now: ContinuousClock.Instant) {
        switch state {
        case .closed(let failures) where failures + 1 < threshold: state = .closed(failures: failures + 1)
        default: state = .open(until: now + pause)
        }
    }
}

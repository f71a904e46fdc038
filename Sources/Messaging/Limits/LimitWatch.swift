package import IOCore
internal import Synchronization

/// Knows whether the store of counts answers; shared by the loops of a node.
///
/// While it does not, nobody asks it and nobody waits: requests pass uncounted, and now and then one of them also sends a probe
/// that nothing depends on. Each change is logged once, as an error; `duologue_limits_degraded` is 1 meanwhile.
package final class LimitWatch: Sendable {
    /// What a request does.
    enum Course {
        /// Asks, and waits for a while.
        case ask
        /// Passes.
        case pass
        /// Passes, and lets a probe be sent.
        case probe
    }

    private enum State {
        /// With how many late answers in a row.
        case well(late: Int)
        /// With how many good probes in a row, and when the next may be sent.
        case away(good: Int, next: ContinuousClock.Instant)
    }

    private let state = Mutex(State.well(late: 0))
    private let logger: Logger
    private let degraded: Gauge
    private let unchecked: Counter

    /// Late answers in a row that say as much as a failure.
    private static let lateLimit = 3
    /// Good probes in a row after which it is asked again: one master of a cluster may be well and another not.
    private static let probes = 2
    private static let pause = Duration.milliseconds(250)

    /// A watch of a store that is well.
    package init(registry: MetricsRegistry, logger: Logger) {
        self.logger = logger
        degraded = registry.gauge("duologue_limits_degraded", help: "1 while Redis does not answer and limits are off.")
        unchecked = registry.counter("duologue_limits_unchecked_total", help: "Requests let through uncounted.")
    }

    /// Whether limits are off.
    package var isDegraded: Bool { state.withLock { if case .away = $0 { true } else { false } } }

    func course(at now: ContinuousClock.Instant) -> Course {
        let course: Course = state.withLock { state in
            guard case .away(let good, let next) = state else { return .ask }
            guard now >= next else { return .pass }
            state = .away(good: good, next: now + Self.pause)
            return .probe
        }
        if course != .ask { unchecked.increment() }
        return course
    }

    /// It answered somebody in time.
    func answered() {
        let isBack = state.withLock { state in
            guard case .away(let good, let next) = state else {
                state = .well(late: 0)
                return false
            }
            state = good + 1 < Self.probes ? .away(good: good + 1, next: next) : .well(late: 0)
            return good + 1 >= Self.probes
        }
        guard isBack else { return }
        degraded.set(0)
        logger.error("limits hold again: Redis answers")
    }

    /// It did not answer in time; whoever waited passes.
    func late(at now: ContinuousClock.Instant) {
        unchecked.increment()
        let isLast = state.withLock { state in
            guard case .well(let late) = state, late + 1 < Self.lateLimit else { return true }
            state = .well(late: late + 1)
            return false
        }
        if isLast { leave(at: now, "it is too slow") }
    }

    /// It failed.
    func failed(_ reason: String, at now: ContinuousClock.Instant) { leave(at: now, reason) }

    private func leave(at now: ContinuousClock.Instant, _ reason: String) {
        let isNews = state.withLock { state in
            defer { state = .away(good: 0, next: now + Self.pause) }
            guard case .well = state else { return false }
            return true
        }
        guard isNews else { return }
        degraded.set(1)
        logger.error("limits are off: Redis does not answer", ["reason": .string(reason)])
    }
}

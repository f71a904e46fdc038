package import IOCore
internal import Synchronization

/// Tells operators when a node's limits are off, and when they hold again; shared by its loops.
///
/// Each change is one log line at level error, from the first loop that misses the store of counts to the last that has it back;
/// `duologue_limits_degraded` is 1 meanwhile.
package final class LimitAlarm: Sendable {
    /// Loops whose limits are off.
    private let away = Mutex(0)
    private let logger: Logger
    private let degraded: Gauge
    private let unchecked: Counter

    /// An alarm that is silent.
    package init(registry: MetricsRegistry, logger: Logger) {
        self.logger = logger
        degraded = registry.gauge("duologue_limits_degraded", help: "1 while Redis does not answer and limits are off.")
        unchecked = registry.counter("duologue_limits_unchecked_total", help: "Requests let through uncounted.")
    }

    /// Whether it is raised.
    package var isRaised: Bool { away.withLock { $0 > 0 } }

    func letThrough() { unchecked.increment() }

    func left(_ reason: String) {
        guard change(by: 1) == 1 else { return }
        degraded.set(1)
        logger.error("limits are off: Redis does not answer", ["reason": .string(reason)])
    }

    func returned() {
        guard change(by: -1) == 0 else { return }
        degraded.set(0)
        logger.error("limits hold again: Redis answers")
    }

    private func change(by difference: Int) -> Int {
        away.withLock { away in
            away += difference
            return away
        }
    }
}

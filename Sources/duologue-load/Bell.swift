internal import IOCore

/// Wakes the one task that waits for something to have happened.
///
/// Loop-bound. A ring with nobody waiting ends the next wait, so whoever waits looks at the state before and after.
final class Bell {
    private let loop: EventLoop
    private let signal: WakeSignal

    /// A bell of a loop.
    init(loop: EventLoop) {
        self.loop = loop
        signal = WakeSignal(loop: loop)
    }

    /// Wakes the waiter, or ends the next wait.
    func ring() { signal.raise() }

    /// Waits for a ring.
    ///
    /// One caller at a time.
    func wait() async { await signal.wait() }

    /// Waits for a ring, at most until `end`; whether that has passed.
    ///
    /// One caller at a time.
    func wait(until end: ContinuousClock.Instant) async -> Bool {
        guard loop.now < end else { return true }
        await signal.wait(atMost: end - loop.now)
        return loop.now >= end
    }
}

internal import IOCore

/// Wakes the one task that waits for something to have happened.
///
/// Loop-bound. A ring with nobody waiting is forgotten, so the waiter looks at the state before each wait, and nothing
/// suspends in between.
@safe
final class Bell {
    private let loop: EventLoop
    private var waiter: UnsafeContinuation<Void, Never>?

    /// A bell of a loop.
    init(loop: EventLoop) { self.loop = loop }

    /// Wakes the waiter, if there is one.
    func ring() {
        guard let waiting = unsafe waiter else { return }
        unsafe waiter = nil
        unsafe waiting.resume()
    }

    /// Waits for the next ring.
    ///
    /// One caller at a time.
    func wait() async {
        precondition(unsafe waiter == nil, "a bell wakes one task")
        unsafe await withUnsafeContinuation { unsafe waiter = $0 }
    }

    /// Waits for the next ring, at most until `end`; whether that has passed.
    ///
    /// One caller at a time.
    func wait(until end: ContinuousClock.Instant) async -> Bool {
        guard loop.now < end else { return true }
        let timer = loop.schedule(after: end - loop.now) { [self] in ring() }
        await wait()
        timer.cancel()
        return loop.now >= end
    }
}

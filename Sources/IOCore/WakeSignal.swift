/// Lets the one task that owns something sleep until that something happens, or time passes.
///
/// Loop-bound.
///
/// A signal raised while nobody waits is kept for the next wait, so a wait may return without news: whoever waits looks
/// again.
package final class WakeSignal {
    private let loop: EventLoop
    private var isRaised = false
    private var waiter: CheckedContinuation<Void, Never>?
    private var timer: LoopTimer?

    /// A signal that is not raised.
    package init(loop: EventLoop) { self.loop = loop }

    /// Returns when the signal is raised, at once if it was since the last wait, or after `limit`, if there is one.
    ///
    /// One caller at a time. Cancellation does not end the wait.
    package func wait(atMost limit: Duration? = nil) async {
        await withCheckedContinuation { continuation in
            // Looked at in here, because it may be raised before this closure runs.
            guard !isRaised else {
                isRaised = false
                return continuation.resume()
            }
            waiter = continuation
            if let limit { timer = loop.schedule(after: limit) { [weak self] in self?.resume() } }
        }
    }

    /// Forgets that the signal was raised.
    package func clear() { isRaised = false }

    /// Wakes the waiting task, or lets the next wait return at once.
    package func raise() {
        if waiter == nil { isRaised = true } else { resume() }
    }

    private func resume() {
        timer?.cancel()
        timer = nil
        waiter.take()?.resume()
    }
}

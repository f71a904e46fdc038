internal import IOCore

/// Lets the one task that runs a client sleep until something happens or time passes.
///
/// Loop-bound.
final class WakeSignal {
    private let loop: EventLoop
    private var isRaised = false
    private var waiter: CheckedContinuation<Void, Never>?
    private var timer: LoopTimer?

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// Returns when the signal is raised, at once if it was since the last wait, or after `limit`.
    func wait(atMost limit: Duration) async {
        await withCheckedContinuation { continuation in
            // Checked in here, because it may be raised before this closure runs.
            guard !isRaised else {
                isRaised = false
                return continuation.resume()
            }
            waiter = continuation
            timer = loop.schedule(after: limit) { [weak self] in self?.resume() }
        }
    }

    /// Forgets that the signal was raised.
    func clear() {
        isRaised = false
    }

    /// Wakes the waiting task, or lets the next wait return at once.
    func raise() {
        if waiter == nil { isRaised = true } else { resume() }
    }

    private func resume() {
        timer?.cancel()
        timer = nil
        waiter.take()?.resume()
    }
}

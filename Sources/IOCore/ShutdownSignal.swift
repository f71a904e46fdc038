internal import Synchronization

/// Tells services once that they shall stop gracefully; any number may wait, on any executor.
package final class ShutdownSignal: Sendable {
    private struct State {
        var triggered = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// A signal not yet given.
    package init() {}

    /// Whether the signal was given.
    package var isTriggered: Bool { state.withLock { $0.triggered } }

    /// Gives the signal.
    ///
    /// Does nothing the second time.
    package func trigger() {
        let waiters = state.withLock { state in
            state.triggered = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once the signal is given; cancellation does not end the wait.
    package func wait() async {
        await withCheckedContinuation { continuation in
            let resumeNow = state.withLock { state in
                if !state.triggered { state.waiters.append(continuation) }
                return state.triggered
            }
            if resumeNow { continuation.resume() }
        }
    }
}

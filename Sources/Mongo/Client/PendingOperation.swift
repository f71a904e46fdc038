internal import Synchronization

/// A caller that waits for work on another thread, resumed exactly once: by the work or by its deadline.
final class PendingOperation<Success: Sendable>: Sendable {
    typealias Outcome = Result<Success, MongoError>
    typealias Continuation = CheckedContinuation<Outcome, Never>

    private enum State {
        case queued(Continuation)
        case running(Continuation)
        case resumed
    }

    private let state: Mutex<State>
    private let mayWrite: Bool

    init(_ continuation: Continuation, mayWrite: Bool) {
        state = Mutex(.queued(continuation))
        self.mayWrite = mayWrite
    }

    /// Whether the work is still wanted; a deadline that passed in the queue means that it never runs.
    func begin() -> Bool {
        state.withLock { state in
            guard case .queued(let continuation) = state else { return false }
            state = .running(continuation)
            return true
        }
    }

    /// The work's result; dropped when the deadline came first.
    func complete(_ outcome: Outcome) {
        take().continuation?.resume(returning: outcome)
    }

    /// The deadline passed.
    func expire() {
        let (continuation, wasRunning) = take()
        let place = wasRunning ? "waiting for the server" : "waiting for a thread"
        let error = MongoError(
            .timeout,
            "the deadline passed while \(place)",
            isOutcomeUnknown: wasRunning && mayWrite
        )
        continuation?.resume(returning: .failure(error))
    }

    private func take() -> (continuation: Continuation?, wasRunning: Bool) {
        state.withLock { state in
            defer { state = .resumed }
            switch state {
            case .queued(let continuation): return (continuation, false)
            case .running(let continuation): return (continuation, true)
            case .resumed: return (nil, false)
            }
        }
    }
}

package import Domain
package import IOCore

/// Asks a store of counts and waits for a bounded time.
///
/// Loop-bound. Not by the deadline of a command: one that passes costs the connection, on which others wait too.
package struct LimitQuestion {
    private let loop: EventLoop
    private let watch: LimitWatch
    private let patience: Duration

    /// Questions that nobody waits for longer than `patience`.
    package init(loop: EventLoop, watch: LimitWatch, patience: Duration) {
        self.loop = loop
        self.watch = watch
        self.patience = patience
    }

    /// How a question ended for whoever asked it.
    enum Outcome<Value> {
        case answer(Value)
        /// None in time; it may still come.
        case late
        case failure
    }

    /// The answer; nil where there is none in time, and at once where the store is known not to answer.
    package func answer<Value: Sendable>(_ question: (@escaping LimitAnswer<Value>) -> Void) async -> Value? {
        guard !watch.isAway else {
            watch.letThrough()
            return nil
        }
        return await withCheckedContinuation { continuation in
            ask(since: loop.now, question) { outcome in
                if case .answer(let value) = outcome {
                    continuation.resume(returning: value)
                } else {
                    watch.letThrough()
                    continuation.resume(returning: nil)
                }
            }
        }
    }

    /// Calls back once, with an answer or without; an answer that is late goes to `late`.
    func ask<Value>(
        since start: ContinuousClock.Instant,
        _ question: (@escaping LimitAnswer<Value>) -> Void,
        late: @escaping LimitAnswer<Value> = { _ in },
        then done: @escaping (Outcome<Value>) -> Void
    ) {
        let progress = Progress()
        progress.timer = loop.schedule(after: max(.zero, start + patience - loop.now)) {
            // The loop itself may have been late: what has arrived meanwhile is read before this runs.
            progress.timer = loop.schedule(after: .milliseconds(1)) {
                guard progress.end() else { return }
                watch.isLate()
                done(.late)
            }
        }
        question { result in
            let isInTime = progress.end()
            switch result {
            // One that is late says nothing good of the store: nobody had any use for it.
            case .success: if isInTime { watch.answered() }
            case .failure(let error): watch.failed(error)
            }
            guard isInTime else { return late(result) }
            if case .success(let value) = result { done(.answer(value)) } else { done(.failure) }
        }
    }

    private final class Progress {
        var timer: LoopTimer?
        private var hasEnded = false

        /// False when it had ended before.
        func end() -> Bool {
            guard !hasEnded else { return false }
            hasEnded = true
            timer?.cancel()
            timer = nil
            return true
        }
    }
}

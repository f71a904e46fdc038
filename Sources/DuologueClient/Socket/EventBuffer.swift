internal import Synchronization

/// Events on their way to one who iterates them: a bounded hand-over from the loop to any task.
final class EventBuffer: Sendable {
    private struct State {
        var events: [DuologueEvent] = []
        /// Of `events`, what is taken.
        var taken = 0
        var isFull = false
        var end: Result<Void, DuologueError>?
        var waiter: CheckedContinuation<Void, Never>?

        var count: Int { events.count - taken }

        mutating func popFirst() -> DuologueEvent? {
            guard taken < events.count else { return nil }
            let event = events[taken]
            taken += 1
            if taken == events.count {
                events.removeAll(keepingCapacity: true)
                taken = 0
            } else if taken >= 512 {
                events.removeFirst(taken)
                taken = 0
            }
            return event
        }
    }

    private let limit: Int
    private let onRoom: @Sendable () -> Void
    private let state = Mutex(State())

    /// Counts as full with `limit` events, and has room again with half of them; `onRoom` is then called, on any thread.
    init(limit: Int, onRoom: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.onRoom = onRoom
    }

    /// Whether no more should be added until there is room.
    var isFull: Bool { state.withLock(\.isFull) }

    /// Adds an event; one that only passes is dropped when there is little room.
    func append(_ event: DuologueEvent, isPassing: Bool) {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.end == nil, !isPassing || state.count < limit / 2 else { return nil }
            state.events.append(event)
            if state.count >= limit { state.isFull = true }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Lets the iteration end, or throw, after what was added before.
    func finish(_ end: Result<Void, DuologueError>) {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            if state.end == nil { state.end = end }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// The oldest event; nil at the end, and when the waiting task is cancelled.
    ///
    /// One caller at a time.
    func next() async throws(DuologueError) -> DuologueEvent? {
        while !Task.isCancelled {
            let (event, end, hasRoom) = state.withLock { state in
                let event = state.popFirst()
                let hasRoom = state.isFull && state.count <= limit / 2
                if hasRoom { state.isFull = false }
                return (event, state.end, hasRoom)
            }
            if hasRoom { onRoom() }
            if let event { return event }
            if let end {
                try end.get()
                return nil
            }
            await wait()
        }
        return nil
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let hasNews = state.withLock { state in
                    guard state.count == 0, state.end == nil, !Task.isCancelled else { return true }
                    state.waiter = continuation
                    return false
                }
                if hasNews { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
    }
}

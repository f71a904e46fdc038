internal import IOCore
internal import Synchronization

/// Resumes callers whose deadline passed while a thread is still stuck in C.
///
/// It has a loop of its own, because callers come from any thread. One timer stands for the earliest deadline; an
/// operation that ends in time only leaves the table, so the usual case costs no timer and no wake-up.
final class DeadlineWatch: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Names an entry until it expires or is removed.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: Int
    }

    private struct Entry {
        let deadline: Instant
        let expire: @Sendable () -> Void
    }

    private struct State {
        var entries: [Ticket: Entry] = [:]
        var issued = 0
        /// When the loop looks next; nil while nothing is pending.
        var armed: Instant?
    }

    private let loop = EventLoop(name: "mongo-deadlines")
    private let state = Mutex(State())

    /// Starts the loop.
    func start() {
        loop.start()
    }

    /// Ends the loop; entries left behind never expire.
    func stop() {
        loop.stop()
    }

    /// Calls `expire` on the watch's thread once `deadline` has passed, unless it is removed before.
    func add(_ deadline: Instant, expire: @escaping @Sendable () -> Void) -> Ticket {
        let (ticket, isEarliest) = state.withLock { state in
            state.issued += 1
            let ticket = Ticket(number: state.issued)
            state.entries[ticket] = Entry(deadline: deadline, expire: expire)
            if let armed = state.armed, armed <= deadline { return (ticket, false) }
            state.armed = deadline
            return (ticket, true)
        }
        if isEarliest { loop.execute { self.schedule(at: deadline) } }
        return ticket
    }

    /// Forgets an entry; harmless when it expired already.
    func remove(_ ticket: Ticket) {
        state.withLock { state in _ = state.entries.removeValue(forKey: ticket) }
    }

    private func schedule(at instant: Instant) {
        // libuv counts whole milliseconds: one more keeps the timer from firing just before the deadline.
        let delay = max(.zero, instant - .now) + .milliseconds(1)
        _ = loop.schedule(after: delay) { self.expireDue(armedAt: instant) }
    }

    private func expireDue(armedAt instant: Instant) {
        let now = Instant.now
        let (due, next) = state.withLock { state -> ([Entry], Instant?) in
            // An earlier deadline took this timer's place; were both to go on, timers would only ever multiply.
            guard state.armed == instant else { return ([], nil) }
            let due = state.entries.filter { $0.value.deadline <= now }
            for ticket in due.keys { state.entries.removeValue(forKey: ticket) }
            state.armed = state.entries.values.lazy.map(\.deadline).min()
            return (Array(due.values), state.armed)
        }
        for entry in due { entry.expire() }
        if let next { schedule(at: next) }
    }
}

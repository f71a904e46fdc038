/// Who waits for which reply on one connection: a value that knows no sockets.
///
/// RESP2 replies carry no identifier: the only thing that ties a reply to its command is the order. So a deadline that
/// passes ends the whole connection, for a reply that came later would be given to the wrong caller.
struct CommandPipeline<Waiter> {
    /// A command that was sent.
    struct Entry {
        let waiter: Waiter
        let isWrite: Bool
        let deadline: ContinuousClock.Instant
    }

    /// A waiter and why it gets no reply.
    struct Failure {
        let waiter: Waiter
        let error: RedisError
    }

    /// What a look at the clock found.
    enum DeadlineCheck: Equatable {
        /// Nobody waits.
        case idle
        /// Nothing is due before this instant.
        case wait(until: ContinuousClock.Instant)
        /// A reply is overdue: the connection must be closed.
        case expired
    }

    private enum State {
        case open
        case draining
        case closed
    }

    private var state = State.open
    private var entries = FIFOQueue<Entry>()
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var pendingCount: Int { entries.count }

    /// True when nothing is pending and nothing will be.
    var isDrained: Bool { entries.isEmpty && state != .open }

    /// Why another command may not be sent now, or nil if it may.
    var refusal: RedisError? {
        switch state {
        case .closed: RedisError(.unavailable, "the connection is closed")
        case .draining: RedisError(.shutdown, "the connection is shutting down")
        case .open where entries.count >= limit: RedisError(.overloaded, "\(limit) commands are pending")
        case .open: nil
        }
    }

    /// Notes a command that was sent; ``refusal`` must have been nil.
    mutating func append(_ entry: Entry) {
        precondition(state == .open)
        entries.append(entry)
    }

    /// The waiter of the reply that came, or nil where nobody asked.
    mutating func receive() -> Waiter? {
        entries.popFirst()?.waiter
    }

    func checkDeadlines(now: ContinuousClock.Instant) -> DeadlineCheck {
        var earliest: ContinuousClock.Instant?
        entries.forEach { entry in
            earliest = min(earliest ?? entry.deadline, entry.deadline)
        }
        guard let earliest else { return .idle }
        return earliest <= now ? .expired : .wait(until: earliest)
    }

    /// From now on commands are refused, while those pending still get their replies.
    mutating func drain() {
        if state == .open { state = .draining }
    }

    /// Ends the pipeline, and says what to tell every waiter, in order; the second time there is none.
    ///
    /// With a timeout, only who is due is told so: to the others the connection was lost.
    mutating func close(_ reason: RedisError, now: ContinuousClock.Instant) -> [Failure] {
        state = .closed
        var failures: [Failure] = []
        while let entry = entries.popFirst() {
            var error = reason
            if reason.code == .timeout, entry.deadline > now {
                error = RedisError(.connectionLost, "the connection was closed when another reply was overdue")
            }
            failures.append(Failure(waiter: entry.waiter, error: error.seen(byWrite: entry.isWrite)))
        }
        return failures
    }
}

package import Domain

/// One lane of the write coordinator as a value: what to do next for each thing that happens, and nothing else.
///
/// Operations wait in the order they came. A batch forms by itself: the next one starts when the Postgres slot is free
/// and fewer than `mongoDepth` batches are on their way into MongoDB. A caller is answered when MongoDB holds its
/// operation; batches are announced in the order of their commits; a redo row is dropped, with a later commit, only
/// after both. Nothing committed is ever given up: what fails is tried again, here or by a recovery.
package struct CommitLane: Sendable {
    private let limits: Limits
    private var queue: LaneQueue
    private var committing: Committing?
    private var applying: [Applying] = []
    private var isAnnouncing = false
    private var finished: [BatchID] = []

    private static let undecided = Failure(.inFlight, "The write is under way; ask again with the same id.")

    /// How many finished rows one commit drops at most.
    private static let dropsPerCommit = 64
    /// How often a duplicate asks, a tick apart, before it has the row that covers it finished: a live node needs less.
    private static let asksBeforeFinishing = 6

    /// An idle lane.
    package init(limits: Limits = Limits()) {
        self.limits = limits
        queue = LaneQueue(limits: limits)
    }

    /// Whether nothing is waiting or under way; finished redo rows may be left.
    package var isIdle: Bool { queue.isEmpty && committing == nil && applying.isEmpty }

    /// Operations waiting for their batch.
    package var queueDepth: Int { queue.depth }

    // MARK: What happens

    /// A caller brings an operation.
    ///
    /// A full queue answers `overloaded` at once.
    package mutating func submit(_ operation: Operation, ticket: Ticket, _ nextBatch: () -> BatchID) -> [Action] {
        guard queue.admit(operation, for: ticket) else {
            return [.answer(ticket, .failure(Failure(.overloaded, "Too many writes are waiting.")))]
        }
        return startCommit(nextBatch)
    }

    /// The batch function answered, one result for each operation, in order.
    package mutating func committed(_ results: [CommitResult], _ nextBatch: () -> BatchID) -> [Action] {
        guard let batch = committing, results.count == batch.entries.count else {
            preconditionFailure("results belong to the batch that is committing")
        }
        committing = nil
        var actions: [Action] = []
        var operations: [CommittedOperation] = []
        var waiters: [Waiter] = []
        var busy: [LaneQueue.Entry] = []
        for (entry, result) in zip(batch.entries, results) {
            switch result {
            case .committed(let allocation):
                operations.append(CommittedOperation(operation: entry.operation, allocation: allocation))
                waiters.append(Waiter(entry, .committed(allocation)))
            case .duplicate(let allocation, let pending?) where pending == batch.id:
                // Either the same operation stands earlier in the batch, or an earlier run of this very batch did commit.
                if operations.contains(where: { $0.isAt(allocation.offset, of: entry.operation.chat) }) {
                    waiters.append(Waiter(entry, .duplicate(allocation)))
                } else {
                    operations.append(CommittedOperation(operation: entry.operation, allocation: allocation))
                    waiters.append(Waiter(entry, .committed(allocation)))
                }
            case .unchanged(let offset, let pending?) where pending == batch.id:
                waiters.append(Waiter(entry, .unchanged(offset)))
            case .duplicate(let allocation, .some): actions += askAgain(entry, allocation.offset)
            case .unchanged(let offset, .some): actions += askAgain(entry, offset)
            case .duplicate(let allocation, nil):
                actions += answer(entry.ticket, .success(.duplicate(allocation)))
            case .unchanged(let offset, nil): actions += answer(entry.ticket, .success(.unchanged(offset)))
            case .setAside: actions += answer(entry.ticket, .failure(.setAside))
            case .moved: actions += answer(entry.ticket, .success(.moved))
            case .existingChat(let chat): actions += answer(entry.ticket, .success(.existingChat(chat)))
            case .busy where entry.waits && batch.attempt == 1:
                // It held up the lane once, which is enough.
                actions += give(up: entry, Failure(.storeUnavailable, "The chat is locked; ask again."))
            case .busy:
                var again = entry
                again.waits = true
                again.mayBeDecided = entry.mayBeDecided || batch.attempt > 1
                busy.append(again)
            case .refused(let failure): actions += answer(entry.ticket, .failure(failure))
            }
        }
        queue.putBack(busy)
        if operations.isEmpty {
            // The row is there, by what the answers say, but nothing of it is this batch's to finish.
            actions += waiters.flatMap { answer($0.ticket, .failure(Self.undecided)) }
        } else {
            let redo = RedoBatch(id: batch.id, operations: operations)
            applying.append(Applying(batch: redo, waiters: waiters))
            actions.append(.apply(redo, attempt: 1))
        }
        return actions + startCommit(nextBatch)
    }

    /// The batch function did not answer, or refused the batch as a whole.
    package mutating func commitFailed(_ error: StoreError, _ nextBatch: () -> BatchID) -> [Action] {
        guard var batch = committing else { preconditionFailure("only a committing batch fails to commit") }
        switch error.outcome {
        case .unknown:
            batch.attempt += 1
            committing = batch
            return [batch.action]
        case .retryable where batch.attempt > 1:
            // An earlier run may have committed, so nobody may be told that nothing happened.
            batch.attempt += 1
            committing = batch
            return [batch.action]
        case .retryable:
            committing = nil
            finished += batch.dropping
            let failure = Failure(.storeUnavailable, "The message store is not available.")
            return batch.entries.flatMap { give(up: $0, failure) } + startCommit(nextBatch)
        case .permanent:
            committing = nil
            finished += batch.dropping
            if batch.attempt > 1 {
                for index in batch.entries.indices { batch.entries[index].mayBeDecided = true }
            }
            if batch.entries.count == 1 {
                let failure = Failure(.internal, "The operation could not be stored.")
                return give(up: batch.entries[0], failure) + startCommit(nextBatch)
            }
            queue.runSingly(batch.entries)
            return startCommit(nextBatch)
        }
    }

    /// MongoDB holds every post-image of the batch, as a majority sees it.
    package mutating func applied(_ id: BatchID, _ nextBatch: () -> BatchID) -> [Action] {
        guard let index = applying.firstIndex(where: { $0.batch.id == id }) else { return [] }
        applying[index].isApplied = true
        let waiters = applying[index].waiters
        applying[index].waiters = []
        let answers = waiters.flatMap { answer($0.ticket, .success($0.outcome)) }
        return answers + announceNext() + startCommit(nextBatch)
    }

    /// MongoDB did not take the batch.
    ///
    /// It is tried again for as long as it takes. Chats whose documents MongoDB will never take are set apart first, so
    /// that they stop no other.
    package mutating func applyFailed(_ id: BatchID, _ error: StoreError, _ nextBatch: () -> BatchID) -> [Action] {
        guard let index = applying.firstIndex(where: { $0.batch.id == id }) else { return [] }
        let refused = applying[index].batch.chats(refusedBy: error, attempt: applying[index].attempt)
        guard refused.isEmpty else {
            applying[index].refusal = Refusal(chats: refused, reason: error.message)
            return [.quarantine(id, refused, reason: error.message, attempt: 1)]
        }
        applying[index].attempt += 1
        return [.apply(applying[index].batch, attempt: applying[index].attempt)]
    }

    /// The chats MongoDB refused are set apart: recovery has their operations, and what is left of the batch goes on.
    package mutating func quarantined(_ id: BatchID, _ nextBatch: () -> BatchID) -> [Action] {
        guard let index = applying.firstIndex(where: { $0.batch.id == id }),
            let refusal = applying[index].refusal
        else { return [] }
        let answers = applying[index].waiters.filter { refusal.chats.contains($0.chat) }
            .flatMap { answer($0.ticket, .failure(.setAside)) }
        applying[index].refusal = nil
        applying[index].waiters.removeAll { refusal.chats.contains($0.chat) }
        applying[index].batch.remove(refusal.chats)
        guard applying[index].batch.operations.isEmpty else {
            return answers + [.apply(applying[index].batch, attempt: 1)]
        }
        // Its row, if it kept its id, is the recovery's and must not be dropped.
        applying.remove(at: index)
        return answers + announceNext() + startCommit(nextBatch)
    }

    /// The chats could not be set apart, or may have been; doing it twice does no harm.
    package mutating func quarantineFailed(_ id: BatchID) -> [Action] {
        guard let index = applying.firstIndex(where: { $0.batch.id == id }), var refusal = applying[index].refusal
        else { return [] }
        refusal.attempt += 1
        applying[index].refusal = refusal
        return [.quarantine(id, refusal.chats, reason: refusal.reason, attempt: refusal.attempt)]
    }

    /// The announcement of the batch was attempted.
    package mutating func announced(_ id: BatchID, _ nextBatch: () -> BatchID) -> [Action] {
        guard isAnnouncing, let first = applying.first, first.batch.id == id else { return [] }
        isAnnouncing = false
        applying.removeFirst()
        finished.append(id)
        return announceNext() + startCommit(nextBatch)
    }

    /// The deadlines of these callers passed.
    ///
    /// What is decided is still finished; what is not is taken out of the queue. Linear in what is waiting.
    package mutating func expire(_ tickets: Set<Ticket>) -> [Action] {
        let unwritten = Failure(.storeUnavailable, "The write did not start in time.")
        var actions = queue.remove(tickets).flatMap { give(up: $0, unwritten) }
        for index in committing?.entries.indices ?? 0..<0 {
            guard let ticket = committing?.entries[index].ticket, tickets.contains(ticket) else { continue }
            committing?.entries[index].ticket = nil
            actions.append(.answer(ticket, .failure(Self.undecided)))
        }
        for index in applying.indices {
            applying[index].waiters.removeAll { waiter in
                guard let ticket = waiter.ticket, tickets.contains(ticket) else { return false }
                actions.append(.answer(ticket, .failure(Self.undecided)))
                return true
            }
        }
        return actions
    }

    /// A short while has passed: duplicates ask again whether their first run is finished.
    package mutating func retryCovered(_ nextBatch: () -> BatchID) -> [Action] {
        queue.askCovered()
        return startCommit(nextBatch)
    }

    /// A second has passed: rows that no commit took along are dropped on their own.
    package mutating func dropFinished() -> [Action] {
        guard committing == nil, !finished.isEmpty else { return [] }
        defer { finished = [] }
        return [.drop(finished)]
    }

    // MARK: Steps

    /// Keeps an operation that is decided and not finished until it may be.
    ///
    /// Where nobody waits for the answer any more, nobody needs to ask.
    private mutating func askAgain(_ entry: LaneQueue.Entry, _ offset: Offset?) -> [Action] {
        guard entry.ticket != nil else { return [] }
        var again = entry
        again.mayBeDecided = true
        again.askedCovered += 1
        queue.rest(again)
        guard let offset, again.askedCovered.isMultiple(of: Self.asksBeforeFinishing) else { return [] }
        return [.finishCovering(entry.operation.chat, through: offset)]
    }

    private func answer(_ ticket: Ticket?, _ result: Result<Outcome, Failure>) -> [Action] {
        ticket.map { [.answer($0, result)] } ?? []
    }

    /// Answers the caller of an operation that is not tried any further.
    private func give(up entry: LaneQueue.Entry, _ failure: Failure) -> [Action] {
        answer(entry.ticket, .failure(entry.mayBeDecided ? Self.undecided : failure))
    }

    private mutating func announceNext() -> [Action] {
        guard !isAnnouncing, let first = applying.first, first.isApplied else { return [] }
        isAnnouncing = true
        return [.announce(first.batch)]
    }

    private mutating func startCommit(_ nextBatch: () -> BatchID) -> [Action] {
        let inMongo = applying.count { !$0.isApplied }
        guard committing == nil, inMongo < limits.mongoDepth, applying.count < limits.announceDepth else { return [] }
        let entries = queue.next()
        guard !entries.isEmpty else { return [] }
        let dropping = Array(finished.prefix(Self.dropsPerCommit))
        finished.removeFirst(dropping.count)
        let batch = Committing(id: nextBatch(), entries: entries, dropping: dropping)
        committing = batch
        return [batch.action]
    }
}

package import Domain

/// One pass over redo rows that were leased, as a value: what to do next, given what became of the last thing.
///
/// Each row is written to MongoDB, announced, and forgotten only after both. A store that does not answer ends the
/// pass, because it would keep every other row waiting as well; a row that is refused for good does not. Nothing is ever
/// discarded.
package struct RecoveryPass: Sendable {
    /// What the shell is to do; it reports with `succeeded` or `failed`.
    package enum Action: Sendable, Equatable {
        /// Write the post-images.
        case apply(RedoBatch)
        /// Set these chats of the row apart.
        case quarantine(BatchID, Set<ChatID>, reason: String)
        /// Announce; an attempt is a success.
        case announce(RedoBatch)
        /// Forget finished rows.
        case drop([BatchID])
    }

    private enum Step {
        case apply
        case quarantine(Set<ChatID>, reason: String)
        case announce
    }

    private var rows: ArraySlice<RedoBatch>
    private var step = Step.apply
    /// Rows that are in MongoDB and announced.
    private(set) var finished: [BatchID] = []
    private var isOver = false

    /// A pass over these rows, in this order.
    package init(_ rows: [RedoBatch]) { self.rows = rows[...] }

    /// What to do now; nil when the pass is over.
    package var action: Action? {
        guard !isOver else { return nil }
        guard let row = rows.first else { return finished.isEmpty ? nil : .drop(finished) }
        switch step {
        case .apply: return .apply(row)
        case .quarantine(let chats, let reason): return .quarantine(row.id, chats, reason: reason)
        case .announce: return .announce(row)
        }
    }

    /// Rows whose leases are still needed.
    package var held: [BatchID] { rows.map(\.id) + finished }

    /// The action was done.
    package mutating func succeeded() {
        guard let row = rows.first else {
            isOver = true
            return
        }
        switch step {
        case .apply: step = .announce
        case .quarantine(let chats, _):
            step = .apply
            rows[rows.startIndex].remove(chats)
            if rows[rows.startIndex].operations.isEmpty { rows.removeFirst() }
        case .announce:
            finished.append(row.id)
            skip()
        }
    }

    /// The action failed, or may have.
    package mutating func failed(_ error: StoreError) {
        guard let row = rows.first else {
            isOver = true
            return
        }
        // What names chats is about their documents; anything else is about the store, and the same for all rows.
        guard case .apply = step, error.outcome == .permanent || !error.chats.isEmpty else {
            rows = []
            return
        }
        let refused = row.chats(refusedBy: error, attempt: row.attempts)
        if refused.isEmpty { skip() } else { step = .quarantine(refused, reason: error.message) }
    }

    private mutating func skip() {
        rows.removeFirst()
        step = .apply
    }
}

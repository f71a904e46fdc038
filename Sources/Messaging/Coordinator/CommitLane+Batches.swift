internal import Domain

extension CommitLane {
    /// The batch that is with Postgres.
    struct Committing: Sendable {
        let id: BatchID
        var entries: [LaneQueue.Entry]
        let dropping: [BatchID]
        /// More than one means that an earlier run may have committed.
        var attempt = 1

        var action: Action {
            .commit(
                id,
                entries.map(\.operation),
                dropping: dropping,
                wait: entries.contains { $0.waits },
                attempt: attempt
            )
        }
    }

    /// A batch on its way into MongoDB, or there and not announced.
    struct Applying: Sendable {
        var batch: RedoBatch
        var waiters: [Waiter]
        var attempt = 1
        var isApplied = false
        var refusal: Refusal?
    }

    /// A caller to be answered once MongoDB holds the batch.
    struct Waiter: Sendable {
        let ticket: Ticket?
        let chat: ChatID
        let outcome: Outcome

        init(_ entry: LaneQueue.Entry, _ outcome: Outcome) {
            ticket = entry.ticket
            chat = entry.operation.chat
            self.outcome = outcome
        }
    }

    /// What MongoDB will never take of a batch.
    struct Refusal: Sendable {
        let chats: Set<ChatID>
        let reason: String
        var attempt = 1
    }
}

package import Domain

extension CommitLane {
    /// Names one caller waiting for an answer.
    package typealias Ticket = Int

    /// How much the lane takes on.
    package struct Limits: Sendable {
        /// Operations in one batch.
        package var batchOperations = 128
        /// Bytes of client fields in one batch.
        package var batchBytes = 256 * 1024
        /// Batches on their way into MongoDB at once.
        package var mongoDepth = 2
        /// Batches that MongoDB holds and whose announcement has not been attempted, with those on their way.
        package var announceDepth = 64
        /// Operations waiting.
        package var queueOperations = 4096
        /// Bytes of client fields waiting.
        package var queueBytes = 16 << 20

        /// The limits of the design.
        package init() {}
    }

    /// What the shell is to do.
    package enum Action: Sendable, Equatable {
        /// Run the batch function; report with `committed` or `commitFailed`.
        case commit(BatchID, [Operation], dropping: [BatchID], wait: Bool, attempt: Int)
        /// Write the post-images; report with `applied` or `applyFailed`.
        ///
        /// Later attempts are to be spaced out.
        case apply(RedoBatch, attempt: Int)
        /// Announce; report with `announced`.
        case announce(RedoBatch)
        /// Forget finished redo rows.
        case drop([BatchID])
        /// Set these chats of a batch apart, because MongoDB will never take their documents; report with `quarantined`
        /// or `quarantineFailed`.
        ///
        /// Later attempts are to be spaced out.
        case quarantine(BatchID, Set<ChatID>, reason: String, attempt: Int)
        /// Have what covers the chat's events up to this one finished, whoever's it is: somebody has waited long enough.
        case finishCovering(ChatID, through: Offset)
        /// Answer a caller, exactly once.
        case answer(Ticket, Result<Outcome, Failure>)
    }

    /// What became of an operation that is in both stores.
    package enum Outcome: Sendable, Equatable {
        case committed(Allocation)
        case duplicate(Allocation)
        case existingChat(ChatID)
        /// Things were as asked; by the event at this offset, where one is known.
        case unchanged(Offset?)
        /// The message's body changed since its old document was read: read it and ask again.
        case moved
    }
}

/// Where writes are decided: the batch function and the redo table.
///
/// Loop-bound.
///
/// All methods throw `StoreError`.
package protocol CommitLog: AnyObject {
    /// Decides all operations of a batch in one transaction, and forgets finished batches in the same one.
    ///
    /// Results come in the order of the operations. Running the same batch again after an unknown outcome is safe:
    /// what was committed comes back as duplicate.
    /// With `wait` it waits for locked chats instead of answering `busy`; when one stays locked for too long, what is still
    /// locked then is `busy`, and the rest of the batch is decided.
    ///
    /// `again` says that an earlier run of the batch may have committed: where it did, what it did not commit is `busy`,
    /// and belongs into another batch.
    func commit(
        _ batch: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool,
        again: Bool
    ) async throws -> [CommitResult]

    /// A chat id nobody else has.
    func nextChatID() async throws -> ChatID

    /// Leases redo rows whose lease ran out, the oldest first, for as long as a live node renews them.
    func takeExpired(limit: Int) async throws -> [RedoBatch]

    /// Extends this node's leases.
    func renew(_ batches: [BatchID]) async throws

    /// Forgets finished batches.
    func drop(_ batches: [BatchID]) async throws

    /// Leases what covers the events of a chat up to an offset and is no live node's any more, or has been unfinished
    /// for longer than a reader waits.
    func takeCovering(_ chat: ChatID, through offset: Offset) async throws -> [RedoBatch]

    /// Takes chats that MongoDB will never take as they are out of a batch, into redo rows of their own, in one
    /// transaction; their writes are refused until a recovery has finished those rows.
    ///
    /// Doing it twice does nothing.
    func quarantine(_ chats: Set<ChatID>, of batch: BatchID, reason: String) async throws

    /// How much of the redo table is unfinished, for metrics and admission.
    func depth() async throws -> RedoDepth

    /// Frees what dropped redo rows leave behind, so that reads stay fast.
    func maintain() async throws
}

extension CommitLog {
    /// The first run of a batch.
    package func commit(
        _ batch: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool
    ) async throws -> [CommitResult] {
        try await commit(batch, operations, dropping: finished, wait: wait, again: false)
    }
}

/// How much is committed and not finished, over all nodes.
package struct RedoDepth: Sendable, Equatable {
    /// Rows, without those of quarantined chats.
    package var rows: Int
    /// Bytes of what clients sent in those rows.
    package var bytes: Int
    /// How long the oldest of those rows has been there.
    package var oldestAge: Duration
    /// Rows tried more than 20 times, quarantined ones too.
    package var stuckRows: Int
    package var quarantinedChats: Int

    /// Makes a depth of all its fields.
    package init(
        rows: Int = 0,
        bytes: Int = 0,
        oldestAge: Duration = .zero,
        stuckRows: Int = 0,
        quarantinedChats: Int = 0
    ) {
        self.rows = rows
        self.bytes = bytes
        self.oldestAge = oldestAge
        self.stuckRows = stuckRows
        self.quarantinedChats = quarantinedChats
    }
}

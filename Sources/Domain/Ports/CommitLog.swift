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
    /// With `wait` it waits for locked chats instead of answering `busy`.
    func commit(
        _ batch: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool
    ) async throws -> [CommitResult]

    /// A chat id nobody else has.
    func nextChatID() async throws -> ChatID

    /// Leases redo rows whose lease ran out, the oldest first, for as long as a live node renews them.
    func takeExpired(limit: Int) async throws -> [RedoBatch]

    /// Extends this node's leases.
    func renew(_ batches: [BatchID]) async throws

    /// Forgets finished batches.
    func drop(_ batches: [BatchID]) async throws

    /// Rows and bytes of the redo table, for metrics and admission.
    func depth() async throws -> (rows: Int, bytes: Int)

    /// Frees what dropped redo rows leave behind, so that reads stay fast.
    func maintain() async throws
}

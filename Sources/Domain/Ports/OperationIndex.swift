/// Tells which operations were done, however long ago.
///
/// Loop-bound.
package protocol OperationIndex: AnyObject {
    /// Whether all of these operations of a user are committed, each in its chat.
    ///
    /// Throws `StoreError`.
    func areCommitted(_ operations: [(chat: ChatID, id: OperationID)], by user: UserID) async throws -> Bool
}

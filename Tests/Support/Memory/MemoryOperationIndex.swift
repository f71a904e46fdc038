package import Domain

/// The twin of the index of operations.
package final class MemoryOperationIndex: OperationIndex {
    private let database: MemoryDatabase

    /// The operations of this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func areCommitted(
        _ operations: [(chat: ChatID, id: OperationID)],
        by user: UserID
    ) async throws -> Bool {
        try database.check()
        return operations.allSatisfy { operation in
            database.chats[operation.chat]?.events.contains {
                $0.committed.operation.id == operation.id && $0.committed.operation.actor == user
            } == true
        }
    }
}

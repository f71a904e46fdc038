package import Domain

extension RedoBatch {
    /// How often a batch is tried whose failure is that of some chats' documents, and might pass: longer than an election
    /// takes.
    package static let patience = 40

    /// Of a failure to write this batch at an attempt: the chats whose documents the store will not take.
    ///
    /// Those a permanent failure names, and those that one which might have passed names too often: no document may hold up
    /// a lane for ever. Empty for other failures: trying again is all that can help then.
    package func chats(refusedBy error: StoreError, attempt: Int) -> Set<ChatID> {
        guard error.outcome == .permanent || attempt > Self.patience, !error.chats.isEmpty else { return [] }
        return error.chats.intersection(operations.map(\.operation.chat))
    }

    /// Takes out the operations of chats that are set apart.
    package mutating func remove(_ chats: Set<ChatID>) {
        operations.removeAll { chats.contains($0.operation.chat) }
    }
}

extension Operation {
    /// Whether at most one of the two will ever be committed.
    func hasKey(of other: Operation) -> Bool { id == other.id && actor == other.actor && chat == other.chat }
}

extension CommittedOperation {
    /// Whether it has that place.
    func isAt(_ offset: Offset, of chat: ChatID) -> Bool { operation.chat == chat && allocation.offset == offset }
}

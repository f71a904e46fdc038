package import Domain

extension RedoBatch {
    /// Of a permanent failure to write this batch: the chats whose documents the store will never take.
    ///
    /// Empty for other failures, and for one that names no chat of the batch: trying again is all that can help then.
    package func chats(refusedBy error: StoreError) -> Set<ChatID> {
        guard error.outcome == .permanent, !error.chats.isEmpty else { return [] }
        return error.chats.intersection(operations.map(\.operation.chat))
    }

    /// Takes out the operations of chats that are set apart.
    package mutating func remove(_ chats: Set<ChatID>) {
        operations.removeAll { chats.contains($0.operation.chat) }
    }
}

extension CommittedOperation {
    /// Whether it has that place.
    func isAt(_ offset: Offset, of chat: ChatID) -> Bool { operation.chat == chat && allocation.offset == offset }
}

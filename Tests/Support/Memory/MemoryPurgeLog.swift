package import Domain

/// The twin of the purge functions.
package final class MemoryPurgeLog: PurgeLog {
    private let database: MemoryDatabase

    /// Purges on this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func takePurges(olderThan age: Duration, limit: Int) async throws -> [PurgeTarget] {
        try database.check()
        let due = database.now - Int64(age / .milliseconds(1))
        var decided = 0
        for (chat, row) in database.chats where !database.lockedChats.contains(chat) {
            for (index, message) in row.messages.enumerated() where decided < limit {
                guard let deletedAt = message.deletedAt, deletedAt <= due, !message.isPurged else { continue }
                let id = MessageID(chat: chat, sequence: message.metadata.sequence)
                guard !isCovered(id) else { continue }
                database.chats[chat]?.messages[index].isPurged = true
                database.chats[chat]?.messages[index].mentioned = []
                database.documents[id] = nil
                database.purges.append(PurgeTarget(message: id, revision: message.metadata.revision))
                decided += 1
            }
        }
        let taken = Array(database.purges.prefix(limit))
        database.purges = Array(database.purges.dropFirst(limit)) + taken
        return taken
    }

    package func finishPurges(_ targets: [PurgeTarget]) async throws {
        try database.check()
        database.purges.removeAll { done in targets.contains { $0.message == done.message } }
    }

    /// Whether an unfinished operation would bring the content back.
    private func isCovered(_ id: MessageID) -> Bool {
        database.redo.flatMap(\.batch.operations).contains { committed in
            let operation = committed.operation
            let isTarget = operation.expectedRevision != nil && operation.target == id.sequence
            return operation.chat == id.chat && (committed.allocation.sequence == id.sequence || isTarget)
        }
    }
}

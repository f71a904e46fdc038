package import Domain

/// The twin of the store of drafts.
package final class MemoryDraftStore: DraftStore {
    private let database: MemoryDatabase

    /// A store on this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func draft(in chat: ChatID, of user: UserID) async throws -> DraftOutcome {
        try database.check()
        guard let member = database.chats[chat]?.member(user) else { return .stranger }
        return member.draft.map(DraftOutcome.draft) ?? .none
    }

    package func put(
        _ content: String,
        replyingTo replyTo: SequenceNumber?,
        in chat: ChatID,
        of user: UserID
    ) async throws -> DraftOutcome {
        try database.check()
        guard let index = index(chat, user) else { return .stranger }
        if let replyTo, database.absence(of: MessageID(chat: chat, sequence: replyTo), for: user) != nil {
            return .missing
        }
        let earlier = database.chats[chat]?.members[index].draft?.updatedAt
        let updatedAt = max(database.now, earlier.map { $0 + 1 } ?? database.now)
        let draft = SyncedDraft(chat: chat, content: content, replyTo: replyTo, updatedAt: updatedAt)
        database.chats[chat]?.members[index].draft = draft
        return .draft(draft)
    }

    package func remove(in chat: ChatID, of user: UserID) async throws -> DraftOutcome {
        try database.check()
        guard let index = index(chat, user) else { return .stranger }
        database.chats[chat]?.members[index].draft = nil
        return .none
    }

    private func index(_ chat: ChatID, _ user: UserID) -> Int? {
        database.chats[chat]?.members.firstIndex { $0.user == user }
    }
}

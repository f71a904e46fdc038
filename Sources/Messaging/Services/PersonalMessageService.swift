package import Domain

/// What users hide from themselves and what they keep to find again.
///
/// Loop-bound.
package final class PersonalMessageService {
    private let store: any PersonalMessageStore
    private let reader: HistoryReader

    /// A service over stores of the same loop.
    package init(store: any PersonalMessageStore, reader: HistoryReader) {
        self.store = store
        self.reader = reader
    }

    /// Leaves a message out of what its user reads from now on, or shows it again; nobody else is concerned.
    ///
    /// Events still tell it, and it counts as unread as before.
    ///
    /// - Throws: `chat_not_found` for a stranger, `message_not_found`, `limit_exceeded`, and `StoreError`.
    package func hide(_ message: MessageID, _ isHidden: Bool, for user: UserID) async throws {
        try Self.check(await store.hide(message, isHidden, for: user), limit: PersonalLimits.hidden)
    }

    /// Keeps a message for its user to find again, or keeps it no longer.
    ///
    /// - Throws: `chat_not_found` for a stranger, `message_not_found`, when it is to be kept also for one that is deleted or
    ///   hidden, `limit_exceeded`, and `StoreError`.
    package func save(_ message: MessageID, _ isSaved: Bool, for user: UserID) async throws {
        let outcome =
            isSaved
            ? try await store.save(message, for: user, limit: SavedMessage.limit)
            : try await store.unsave(message, for: user)
        try Self.check(outcome, limit: SavedMessage.limit)
    }

    /// What the user keeps of the chats that they are in now, the latest kept first, messages as they are now.
    ///
    /// - Throws: `invalid_value` for a cursor of somebody else, what `HistoryReader.messages` throws, and `StoreError`.
    package func saved(
        by user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> (items: [(saved: SavedMessage, message: Message)], next: String?) {
        let page = try await store.saved(by: user, limit: limit, cursor: cursor)
        // None of a chat that the user was removed from since the list was read.
        let messages = try await reader.messages(page.items.map(\.message), for: user)
        return (page.items.compactMap { item in messages[item.message].map { (item, $0) } }, page.next)
    }

    private static func check(_ outcome: MarkOutcome, limit: Int) throws(Failure) {
        switch outcome {
        case .done: break
        case .stranger: throw .chatNotFound
        case .missing: throw .messageNotFound
        case .full: throw Failure(.limitExceeded, "At most \(limit) messages are marked so.")
        }
    }
}

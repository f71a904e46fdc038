package import Domain

/// Reads of messages by their numbers.
extension HistoryReader {
    /// Those of the messages that exist and that the user has not hidden, ascending.
    ///
    /// `sequences` ascend. However far apart they are, each try is one statement of Postgres and two reads of MongoDB; all is of one
    /// moment.
    ///
    /// Throws what `page` throws; where no number is given nobody is asked, and nothing is thrown.
    package func messages(
        of chat: ChatID,
        for user: UserID,
        sequences: [SequenceNumber],
        includingHidden: Bool = false
    ) async throws -> [Message] {
        guard !sequences.isEmpty else { return [] }
        let page = try await page(of: chat, includingHidden: includingHidden) {
            try await history.snapshot(of: chat, at: sequences, for: user)
        }
        return page.messages
    }

    /// Committed events after an offset as members receive them, messages as they are today: an event is among them as
    /// soon as its operation is acknowledged, and what a member has hidden too.
    ///
    /// - Throws: as `page`.
    package func events(
        of chat: ChatID,
        for user: UserID,
        after offset: Offset,
        limit: Int
    ) async throws -> [Announcement] {
        let events = try await history.committedEvents(of: chat, after: offset, limit: limit)
        let shown = Set(events.compactMap { $0.kind.tellsMessage ? $0.sequence : nil })
        let messages = try await messages(of: chat, for: user, sequences: shown.sorted(), includingHidden: true)
        let byNumber = Dictionary(messages.map { ($0.id.sequence, $0) }, uniquingKeysWith: { $1 })
        return try events.map { try announcement(of: $0, in: chat, messages: byNumber) }
    }

    /// Refuses a user who is not in all of these chats, and chats that a block has closed.
    ///
    /// Throws `chat_not_found`, `blocked`.
    func requireOpen(_ chats: [ChatID], for user: UserID) async throws {
        let closed = try await history.closedByBlock(chats, for: user)
        guard chats.allSatisfy({ closed[$0] != nil }) else { throw Failure.chatNotFound }
        guard !closed.values.contains(true) else {
            throw Failure(.blocked, "There is a block between you and somebody this needs.")
        }
    }

    /// The numbers of the replies in a thread; see `HistoryStore.replies`.
    package func replies(to root: MessageID, window: HistoryWindow, limit: Int) async throws -> [SequenceNumber] {
        try await history.replies(to: root, window: window, limit: limit)
    }
}

extension Failure {
    /// There is no message of this number in a chat that the caller is in.
    static let messageNotFound = Failure(.messageNotFound, "There is no such message in this chat.")
}

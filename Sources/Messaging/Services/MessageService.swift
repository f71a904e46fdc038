package import Domain

/// Sends, changes and reads messages for REST and socket alike.
///
/// Loop-bound.
package final class MessageService {
    let gate: WriteGate
    let reader: HistoryReader
    /// Refuses spam; nil where nothing counts as such.
    package let spamGuard: SpamGuard?

    /// A service over the node's lane and stores of the same loop.
    package init(gate: WriteGate, reader: HistoryReader, spamGuard: SpamGuard? = nil) {
        self.gate = gate
        self.reader = reader
        self.spamGuard = spamGuard
    }

    /// A message that both stores hold, and whether it was there before.
    package struct Sent: Sendable {
        package let message: Message
        package let isDuplicate: Bool
    }

    /// Sends a message; with the same id the first result again, at any later time, on any node.
    ///
    /// - Throws: `rate_limited` for spam, `chat_not_found`, `message_not_found` for the reply's or thread's target,
    ///   `idempotency_mismatch`, and what the coordinator throws.
    package func send(
        _ draft: MessageDraft,
        to chat: ChatID,
        by user: UserID,
        id: OperationID
    ) async throws -> Sent {
        try await spamGuard?.check(draft, in: [(chat, id)], by: user)
        return try await submit(draft, to: chat, by: user, id: id)
    }

    /// Sends what is known to be no spam.
    func submit(
        _ draft: MessageDraft,
        to chat: ChatID,
        by user: UserID,
        id: OperationID
    ) async throws -> Sent {
        let operation = OperationCodec.operation(chat: chat, actor: user, id: id, body: .createMessage(draft))
        let (allocation, isDuplicate) =
            switch try await gate.submit(operation) {
            case .committed(let allocation): (allocation, false)
            case .duplicate(let allocation): (allocation, true)
            case .existingChat, .unchanged, .moved: throw Failure(.internal, "A message was not answered as one.")
            }
        let committed = CommittedOperation(operation: operation, allocation: allocation)
        guard case .message(let image)? = PostImages.documents(of: committed).first else {
            throw Failure(.internal, "A message was committed without a number.")
        }
        return Sent(message: Message(image), isDuplicate: isDuplicate)
    }

    // MARK: Reading

    /// A page of a chat's messages, encoded, and its snapshot; see `HistoryReader.encodedPage`.
    package func page(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> (messages: [UInt8], snapshot: HistorySnapshot) {
        try await reader.encodedPage(of: chat, for: user, window: window, limit: limit)
    }

    /// A message as it is now; one that the user has hidden only where that is asked for.
    ///
    /// - Throws: `chat_not_found` for a stranger, `message_not_found`.
    package func message(_ id: MessageID, for user: UserID, includingHidden: Bool = false) async throws -> Message {
        try await reader.message(id, for: user, includingHidden: includingHidden)
    }

    /// Replies in a thread, ascending, tombstones included; the numbers that the page goes over, also those of replies that the
    /// user has hidden; and whether there are more the way the window goes.
    ///
    /// - Throws: `chat_not_found` for a stranger, `message_not_found` for a root that does not exist.
    package func replies(
        to root: MessageID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> (messages: [Message], numbers: [SequenceNumber], hasMore: Bool) {
        _ = try await reader.message(root, for: user)
        let found = try await reader.replies(to: root, window: window, limit: limit + 1)
        let shown: [SequenceNumber] =
            if case .after = window { Array(found.prefix(limit)) } else { found.suffix(limit) }
        let messages = try await reader.messages(of: root.chat, for: user, sequences: shown)
        return (messages, shown, found.count > limit)
    }

    /// What a message said before; see `HistoryReader.revisions`.
    package func revisions(
        of id: MessageID,
        for user: UserID,
        after revision: Offset,
        limit: Int
    ) async throws -> (revisions: [RevisionImage], hasMore: Bool) {
        try await reader.revisions(of: id, for: user, after: revision, limit: limit)
    }
}

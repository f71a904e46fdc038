package import Domain

/// The threads of chats and how far their readers are.
///
/// Loop-bound.
package final class ThreadService {
    private let store: any ThreadStore
    private let reader: HistoryReader

    /// A service over stores of the same loop.
    package init(store: any ThreadStore, reader: HistoryReader) {
        self.store = store
        self.reader = reader
    }

    /// The threads of a chat that have replies, that of the newest root first, with their roots as they are now.
    ///
    /// A thread whose root the user has hidden is left out.
    ///
    /// - Throws: `chat_not_found` for a stranger, `invalid_value` for a cursor of somebody else, what
    ///   `HistoryReader.messages` throws, and `StoreError`.
    package func threads(
        of chat: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> (items: [(thread: ThreadSummary, root: Message)], next: String?) {
        guard let page = try await store.threads(of: chat, for: user, limit: limit, cursor: cursor) else {
            throw Failure.chatNotFound
        }
        let roots = try await reader.messages(page.items.map(\.root), for: user)
        return (page.items.compactMap { thread in roots[thread.root].map { (thread, $0) } }, page.next)
    }

    /// Moves the user's mark in a thread forward; one that is already farther stays there.
    ///
    /// - Throws: `chat_not_found` for a stranger, `message_not_found` for a root that does not exist or is a reply,
    ///   `invalid_value` for a message that does not exist yet, and `StoreError`.
    package func read(
        _ root: MessageID,
        to sequence: SequenceNumber,
        by user: UserID
    ) async throws -> (readSequence: SequenceNumber, unread: Int) {
        switch try await store.read(root, to: sequence, by: user) {
        case .stranger: throw Failure.chatNotFound
        case .missing: throw Failure.messageNotFound
        case .read(let readSequence, let unread, let last):
            guard sequence <= last else { throw Failure(.invalidValue, "seq: the chat has no message beyond \(last)") }
            return (readSequence, unread)
        }
    }
}

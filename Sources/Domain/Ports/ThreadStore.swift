/// How far a thread is read.
package enum ThreadReadOutcome: Sendable, Equatable {
    /// Where the mark is now and what is unread beyond it, in a chat with this last message.
    case read(SequenceNumber, unread: Int, lastSequence: SequenceNumber)
    /// The user is in no such chat.
    case stranger
    /// The message does not exist or is a reply itself.
    case missing
}

/// The threads of chats and how far each member has read them.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol ThreadStore: AnyObject {
    /// The threads that have replies, that of the newest root first; nil for a stranger.
    ///
    /// Throws `invalid_value` for a cursor it did not make.
    func threads(of chat: ChatID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<ThreadSummary>?

    /// Moves the user's mark in a thread forward to a message of the chat; a mark beyond the last one moves nothing.
    ///
    /// Marks go with the membership, in the same transaction.
    func read(_ root: MessageID, to sequence: SequenceNumber, by user: UserID) async throws -> ThreadReadOutcome
}

/// A thread as one member sees it.
package struct ThreadSummary: Sendable, Equatable {
    /// Where counting unread replies ends.
    package static let unreadLimit = 1_000

    package var root: MessageID
    /// Replies that are not deleted; never none.
    package var replyCount: Int
    /// The newest of them.
    package var lastReply: SequenceNumber
    package var lastReplyAt: Timestamp
    /// How far the member has read; zero until they said.
    package var readSequence: SequenceNumber
    /// Replies beyond it that came since the member joined and are neither own nor deleted; at most `unreadLimit`.
    package var unread: Int

    /// Makes a summary of all its fields.
    package init(
        root: MessageID,
        replyCount: Int,
        lastReply: SequenceNumber,
        lastReplyAt: Timestamp,
        readSequence: SequenceNumber,
        unread: Int
    ) {
        self.root = root
        self.replyCount = replyCount
        self.lastReply = lastReply
        self.lastReplyAt = lastReplyAt
        self.readSequence = readSequence
        self.unread = unread
    }
}

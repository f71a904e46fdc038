/// A thread as one member sees it.
package struct ThreadSummary: Sendable, Equatable {
    /// How many replies beyond the mark are looked at for those that are unread.
    package static let unreadLimit = 1_000

    package var root: MessageID
    /// Replies that are not deleted; never none.
    package var replyCount: Int
    /// The newest of them.
    package var lastReply: SequenceNumber
    package var lastReplyAt: Timestamp
    /// How far the member has read; zero until they said.
    package var readSequence: SequenceNumber
    /// Of the next `unreadLimit` replies beyond it that came since the member joined, those neither own nor deleted.
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

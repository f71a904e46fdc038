/// How far a user has read a chat.
package struct ReadMark: Sendable, Hashable {
    package var chat: ChatID
    package var user: UserID
    /// The last message read.
    package var sequence: SequenceNumber

    /// Makes a mark of all its fields.
    package init(chat: ChatID, user: UserID, sequence: SequenceNumber) {
        self.chat = chat
        self.user = user
        self.sequence = sequence
    }
}

/// What became of a wish to move a read mark.
package struct ReadProgress: Sendable, Equatable {
    /// Where the mark is now; never before where it was.
    package var readSequence: SequenceNumber
    /// Messages beyond the mark that are neither own, nor system, nor deleted.
    package var unread: Int
    /// Those of them that call the member.
    package var mentions: Int
    /// The chat's last message.
    package var lastSequence: SequenceNumber
    /// Whether the mark moved.
    package var hasMoved: Bool
    /// Whether the chat had been marked unread, which ends with reading.
    package var hasCleared: Bool
    package var participantCount: Int
    /// Whether others may learn of it: the user's own setting.
    package var isTold: Bool

    /// Makes progress of all its fields.
    package init(
        readSequence: SequenceNumber,
        unread: Int,
        mentions: Int = 0,
        lastSequence: SequenceNumber,
        hasMoved: Bool,
        hasCleared: Bool = false,
        participantCount: Int,
        isTold: Bool = true
    ) {
        self.readSequence = readSequence
        self.unread = unread
        self.mentions = mentions
        self.lastSequence = lastSequence
        self.hasMoved = hasMoved
        self.hasCleared = hasCleared
        self.participantCount = participantCount
        self.isTold = isTold
    }
}

/// Where read marks are kept.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol ReadStateStore: AnyObject {
    /// Moves marks forward, each at most to its chat's last message; the answers in order, nil for a stranger.
    ///
    /// A mark beyond the last message moves nothing. Of several marks of one user in one chat the farthest that fits is
    /// taken, and all of them are told where it is. A mark that the chat has, moved or not, ends that it is marked unread.
    func advance(_ marks: [ReadMark]) async throws -> [ReadProgress?]

    /// How far the members of a chat have read, in order of joining; nil for a stranger.
    ///
    /// Others who keep that to themselves are left out.
    ///
    /// Throws `invalid_value` for a cursor it did not make.
    func receipts(of chat: ChatID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<ReadMark>?

    /// The marks of those who have read a message, in order of joining; nil for a stranger.
    ///
    /// They were in the chat when it was said, and are still; its sender is not among them. Throws `message_not_found`, and
    /// `invalid_value` for a cursor it did not make.
    func readers(of message: MessageID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<ReadMark>?

    /// What waits for a user, of one moment; the chats ascend, those where nothing does are left out.
    ///
    /// Linear in the chats of the user. Throws `invalid_value` for a cursor it did not make.
    func unread(of user: UserID, limit: Int, cursor: String?) async throws -> UnreadSummary
}

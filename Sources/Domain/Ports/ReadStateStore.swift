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
    /// The chat's last message.
    package var lastSequence: SequenceNumber
    /// Whether the mark moved.
    package var hasMoved: Bool
    package var participantCount: Int
    /// Whether others may learn of it: the user's own setting.
    package var isTold: Bool

    /// Makes progress of all its fields.
    package init(
        readSequence: SequenceNumber,
        unread: Int,
        lastSequence: SequenceNumber,
        hasMoved: Bool,
        participantCount: Int,
        isTold: Bool = true
    ) {
        self.readSequence = readSequence
        self.unread = unread
        self.lastSequence = lastSequence
        self.hasMoved = hasMoved
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
    /// taken, and all of them are told where it is.
    func advance(_ marks: [ReadMark]) async throws -> [ReadProgress?]

    /// How far the members of a chat have read, in order of joining; nil for a stranger.
    ///
    /// Others who keep that to themselves are left out.
    ///
    /// Throws `invalid_value` for a cursor it did not make.
    func receipts(of chat: ChatID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<ReadMark>?
}

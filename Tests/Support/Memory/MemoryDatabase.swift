package import Domain

/// What Postgres holds, in memory: the state that the twins of its ports share.
///
/// Loop-bound. Every method of the twins is one step, as every statement of the real stores is one transaction.
package final class MemoryDatabase {
    /// A member of a chat.
    struct Member {
        var user: UserID
        var role: Role
        var joinedAt: Timestamp
        var joinedOffset: Offset
        var readSequence: SequenceNumber
        var draft: SyncedDraft?
        /// How far threads are read, by their roots.
        var threadReads: [SequenceNumber: SequenceNumber] = [:]
        var mutedUntil: Timestamp?
        var isArchived = false
        var isPinned = false
        var isMarkedUnread = false
    }

    /// An event with what deduplication needs.
    struct Event {
        var committed: CommittedOperation
        var offset: Offset { committed.allocation.offset }
    }

    /// What is known about a message besides its body.
    struct MessageRow {
        var metadata: MessageMetadata
        var sender: UserID
        var type: MessageType
        var threadRoot: SequenceNumber?
        var createdAt: Timestamp
        var deletedAt: Timestamp?
        var isPurged = false
        var lastReplyAt: Timestamp?
        /// Members it calls by name, without its sender; none where it calls everyone.
        var mentioned: Set<UserID> = []
        var mentionsEveryone = false

        /// Whether it is unread for a user who has not read so far.
        func counts(for user: UserID) -> Bool { sender != user && type != .system && !metadata.isDeleted }
    }

    /// A chat with everything keyed by it; event and message `i` stand at index `i - 1`.
    struct ChatRow {
        var chat: Chat
        var lastEventAt: Timestamp
        var members: [Member]
        var events: [Event] = []
        var messages: [MessageRow] = []
        /// The pinned messages and the events that pinned them.
        var pins: [SequenceNumber: Offset] = [:]
        /// The oldest first.
        var invites: [Invite] = []

        func member(_ user: UserID) -> Member? { members.first { $0.user == user } }
    }

    /// A redo row.
    struct RedoRow {
        var batch: RedoBatch
        var leaseUntil: Timestamp
        var createdAt: Timestamp
        var isQuarantined = false
        var bytes: Int { batch.operations.reduce(0) { $0 + $1.operation.payload.count } }
    }

    /// A pair of users, the lower id first.
    struct Pair: Hashable {
        let low: UserID
        let high: UserID
        init(_ first: UserID, _ second: UserID) {
            low = min(first, second)
            high = max(first, second)
        }
    }

    /// A session and its current refresh token.
    struct SessionRow {
        var session: Session
        var refreshHash: [UInt8]
        var createdAt: Timestamp
        var lastUsedAt: Timestamp
        /// In which order it was opened.
        var number: Int
        var revokedAt: Timestamp?
        var isRevoked: Bool { revokedAt != nil }
    }

    var users: [UserID: Credentials] = [:]
    var sessions: [SessionID: SessionRow] = [:]
    var usedTokens: [[UInt8]: SessionID] = [:]
    var chats: [ChatID: ChatRow] = [:]
    /// Whom users keep as contacts, and whom they have blocked, in the order of adding.
    var contacts: [UserID: [UserID]] = [:]
    var blocks: [UserID: [UserID]] = [:]
    var settings: [UserID: UserSettings] = [:]
    var directChats: [Pair: ChatID] = [:]
    var redo: [RedoRow] = []
    /// Names the history.
    package var epoch = "memory"
    /// Grows with every change of a username, and with what tests count themselves.
    package var silentChanges: Int64 = 0
    /// Messages that users have hidden from themselves.
    var hidden: [UserID: Set<MessageID>] = [:]
    /// What users keep, the latest kept last.
    var saved: [UserID: [SavedMessage]] = [:]
    /// What messages are found by.
    var documents: [MessageID: SearchDocument] = [:]
    /// Chats closed to writes until their redo rows are finished.
    var quarantined: Set<ChatID> = []
    /// Purges that are decided and not done.
    var purges: [PurgeTarget] = []
    private var lastUser: Int64 = 0
    private var lastChat: Int64 = 0

    /// The database's clock; tests move it.
    package var now: Timestamp
    /// While set, every method of the Postgres twins throws it and does nothing.
    package var outage: StoreError?
    /// Chats that another node holds the lock of: a commit that does not wait answers `busy`.
    package var lockedChats: Set<ChatID> = []

    /// An empty database at this time.
    package init(now: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) { self.now = now }

    /// Disables a user, as an operator would.
    package func rename(_ user: UserID, to username: String) {
        users[user]?.user.username = username
        silentChanges += 1
    }

    /// What an operator may do.
    package func disable(_ user: UserID) { users[user]?.isDisabled = true }

    /// Gives a user a hash that was made elsewhere.
    package func setPasswordHash(_ hash: String, of user: UserID) { users[user]?.passwordHash = hash }

    func check() throws(StoreError) {
        if let outage { throw outage }
    }

    func nextUser() -> UserID {
        lastUser += 1
        return UserID(rawValue: lastUser)
    }

    func nextChat() -> ChatID {
        lastChat += 1
        return ChatID(rawValue: lastChat)
    }

    func isPresent(_ user: UserID) -> Bool { users[user].map { !$0.isDisabled } ?? false }

    /// Whom a message calls.
    func called(in id: MessageID) -> CalledMembers {
        guard let message = chats[id.chat]?.messages[Int(id.sequence.rawValue) - 1] else {
            return CalledMembers(users: [], everyone: false)
        }
        return CalledMembers(users: message.mentioned.sorted(), everyone: message.mentionsEveryone)
    }

    /// Ends a session, once.
    func revoke(_ session: SessionID) {
        if sessions[session]?.isRevoked == false { sessions[session]?.revokedAt = now }
    }

    /// Ends the open sessions of a user but one; which.
    func endSessions(of user: UserID, but kept: SessionID?) -> [SessionID] {
        let ended = sessions.values.filter { $0.session.user == user && $0.session.id != kept && !$0.isRevoked }
        for row in ended { revoke(row.session.id) }
        return ended.map(\.session.id)
    }

    /// Whether one of the two has blocked the other.
    func isBlocked(_ one: UserID, _ other: UserID) -> Bool {
        blocks[one]?.contains(other) == true || blocks[other]?.contains(one) == true
    }

    /// Whether a block has closed the chat.
    func isClosed(_ row: ChatRow) -> Bool {
        row.chat.type == .direct && row.members.count == 2 && isBlocked(row.members[0].user, row.members[1].user)
    }

    // MARK: What redo covers

    /// The unfinished batch that holds this event, if one does.
    func covering(_ chat: ChatID, _ offset: Offset) -> BatchID? {
        redo.first { row in
            row.batch.operations.contains { $0.operation.chat == chat && $0.allocation.offset == offset }
        }?.batch.id
    }

    /// The last event before the first unfinished one.
    func announcedOffset(of row: ChatRow) -> Offset {
        let covered = redo.flatMap(\.batch.operations).filter { $0.operation.chat == row.chat.id }
        guard let first = covered.map(\.allocation.offset).min() else { return row.chat.lastOffset }
        return Offset(rawValue: first.rawValue - 1)
    }

    /// Messages in `(after, through]` that are neither the user's, nor system, nor deleted.
    func unread(_ row: ChatRow, _ user: UserID, after: SequenceNumber, through: SequenceNumber) -> Int {
        row.messages.count {
            $0.metadata.sequence > after && $0.metadata.sequence <= through && $0.counts(for: user)
        }
    }
}

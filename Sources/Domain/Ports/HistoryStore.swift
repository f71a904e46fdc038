/// Which messages of a chat a page shows.
package enum HistoryWindow: Sendable, Equatable {
    case newest
    /// Numbers below this one.
    case before(SequenceNumber)
    /// Numbers above this one.
    case after(SequenceNumber)
    /// Half before it, the rest from it on.
    case around(SequenceNumber)
    /// Around the first message that counts as unread for the caller; where none does, the newest.
    case firstUnread
}

/// The facts about one message that decide what a reader may be shown.
package struct MessageMetadata: Sendable, Equatable {
    package var sequence: SequenceNumber
    package var revision: Offset
    package var createdOffset: Offset
    package var isDeleted: Bool
    /// Of the thread that this message is the root of.
    package var replyCount: Int
    package var lastReply: SequenceNumber?

    /// Makes metadata of all its fields.
    package init(
        sequence: SequenceNumber,
        revision: Offset,
        createdOffset: Offset,
        isDeleted: Bool,
        replyCount: Int,
        lastReply: SequenceNumber? = nil
    ) {
        self.sequence = sequence
        self.revision = revision
        self.createdOffset = createdOffset
        self.isDeleted = isDeleted
        self.replyCount = replyCount
        self.lastReply = lastReply
    }
}

/// What one Postgres statement knows about a page: all of it from one snapshot.
package struct HistorySnapshot: Sendable, Equatable {
    /// Names the history that the offsets are of.
    package var epoch: String
    package var lastOffset: Offset
    package var lastSequence: SequenceNumber
    package var readSequence: SequenceNumber
    /// The page's messages, ascending.
    package var rows: [MessageMetadata]
    /// Committed operations of this chat that MongoDB may not hold yet.
    package var redo: [CommittedOperation]
    /// The page's messages that the user has hidden from themselves.
    package var hidden: Set<SequenceNumber>
    /// Whether others see more: of the page, or, where one message of each chat is asked for, of the chat.
    package var isFiltered: Bool
    /// As `ChatState` has it.
    package var silentChanges: Int64

    /// What it tells of the chat's state.
    package var state: ChatState {
        ChatState(epoch: epoch, lastOffset: lastOffset, isFiltered: isFiltered, silentChanges: silentChanges)
    }

    /// Makes a snapshot of all its fields; unless said otherwise it is filtered where something is hidden.
    package init(
        epoch: String = "",
        lastOffset: Offset,
        lastSequence: SequenceNumber,
        readSequence: SequenceNumber,
        rows: [MessageMetadata],
        redo: [CommittedOperation],
        hidden: Set<SequenceNumber> = [],
        isFiltered: Bool? = nil,
        silentChanges: Int64 = 0
    ) {
        self.epoch = epoch
        self.lastOffset = lastOffset
        self.lastSequence = lastSequence
        self.readSequence = readSequence
        self.rows = rows
        self.redo = redo
        self.hidden = hidden
        self.isFiltered = isFiltered ?? !hidden.isEmpty
        self.silentChanges = silentChanges
    }
}

/// An event as the log keeps it.
package struct LoggedEvent: Sendable, Equatable {
    package var offset: Offset
    package var kind: EventKind
    package var actor: UserID
    package var operation: OperationID
    /// The message that it made or is about.
    package var sequence: SequenceNumber?
    package var at: Timestamp
    /// What was done; nil where that needs a body, which is in MongoDB.
    package var body: Operation.Body?
    package var facts: EventFacts?

    /// Makes an event of all its fields.
    package init(
        offset: Offset,
        kind: EventKind,
        actor: UserID,
        operation: OperationID,
        sequence: SequenceNumber?,
        at: Timestamp,
        body: Operation.Body?,
        facts: EventFacts? = nil
    ) {
        self.offset = offset
        self.kind = kind
        self.actor = actor
        self.operation = operation
        self.sequence = sequence
        self.at = at
        self.body = body
        self.facts = facts
    }
}

/// The Postgres side of reading a chat.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol HistoryStore: AnyObject {
    /// Membership, heads, the page's metadata and the redo of the chat in one statement; nil for a stranger.
    func snapshot(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> HistorySnapshot?

    /// What `snapshot` tells of a page, of the messages with these ascending numbers, however far apart; nil for a stranger.
    ///
    /// One statement; those that do not exist are left out, those that the user has hidden are named by `hidden`.
    func snapshot(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        for user: UserID
    ) async throws -> HistorySnapshot?

    /// Of each chat the newest message that the user may be shown: neither deleted nor hidden by the user, and among the last
    /// `latestReach`.
    ///
    /// One statement for all chats; those the user is not in are left out, and snapshots without such a message have no row.
    func latest(of chats: [ChatID], for user: UserID) async throws -> [ChatID: HistorySnapshot]

    /// What decides how a user sees these messages, by their chats: the rows of those that exist and that the user has not
    /// hidden, ascending.
    ///
    /// One statement for all of them; chats that the user is not in are left out, and those without such a message.
    func snapshots(of messages: [MessageID], for user: UserID) async throws -> [ChatID: HistorySnapshot]

    /// Whether a block has closed each of these chats; those the user is not in are left out.
    func closedByBlock(_ chats: [ChatID], for user: UserID) async throws -> [ChatID: Bool]

    /// The numbers of the replies in a thread, ascending; `window` is one of `newest`, `before` and `after`.
    ///
    /// It asks for no membership: what the numbers stand for is read with one.
    func replies(to root: MessageID, window: HistoryWindow, limit: Int) async throws -> [SequenceNumber]

    /// Announced events above an offset, ascending, whoever is in the chat: only below the first redo-covered one.
    func announcedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent]

    /// Committed events above an offset, ascending, whoever is in the chat: those a redo still covers too.
    func committedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent]

    /// Names the history; changes only when some of it was lost.
    func epoch() async throws -> String

    /// The metadata of these messages, ascending.
    func metadata(of chat: ChatID, sequences: [SequenceNumber]) async throws -> [MessageMetadata]
}

extension HistoryStore {
    /// How many messages back a chat's latest is looked for: behind as many deleted ones there is none.
    package static var latestReach: Int { 200 }
}

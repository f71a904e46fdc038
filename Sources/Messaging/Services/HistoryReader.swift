package import Domain

/// Reads messages from both stores so that what is committed is seen, and nothing else.
///
/// One Postgres statement gives membership, head, the page's revisions and threads and the redo rows of the chat; MongoDB
/// gives the bodies and reactions as a majority sees them; then the redo is laid over by revision. A body newer than the
/// statement repeats everything, because membership may have changed since; a missing or older one is read again.
/// Reactions are those of the statement's head.
package final class HistoryReader {
    let history: any HistoryStore
    let bodies: any BodyStore
    /// Nil where nothing is cached, nor counted.
    let cache: CachedReads?

    static let attempts = 4

    /// Reads from stores of the same loop.
    package init(history: any HistoryStore, bodies: any BodyStore, cache: CachedReads? = nil) {
        self.history = history
        self.bodies = bodies
        self.cache = cache
    }

    /// A page of a chat, ascending, and the state of the chat it was read at.
    ///
    /// What the user has hidden from themselves is left out, unless it is asked for; the snapshot's rows tell how far the page goes.
    ///
    /// - Throws: `chat_not_found` for a stranger; `store_unavailable` when the stores did not agree in time.
    package func page(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int,
        includingHidden: Bool = false
    ) async throws -> (messages: [Message], snapshot: HistorySnapshot) {
        try await page(of: chat, includingHidden: includingHidden) {
            try await history.snapshot(of: chat, for: user, window: window, limit: limit)
        }
    }

    /// The page whose snapshots `read` takes; nil is of a stranger.
    func page(
        of chat: ChatID,
        includingHidden: Bool,
        _ read: () async throws -> HistorySnapshot?
    ) async throws -> (messages: [Message], snapshot: HistorySnapshot) {
        try await agreeing {
            guard let snapshot = try await read() else { throw Failure.chatNotFound }
            guard let messages = try await messages(of: chat, at: snapshot) else { return nil }
            guard !includingHidden, !snapshot.hidden.isEmpty else { return (messages, snapshot) }
            return (messages.filter { !snapshot.hidden.contains($0.id.sequence) }, snapshot)
        }
    }

    /// One message as a page shows it, tombstones too.
    ///
    /// - Throws: `chat_not_found`, `message_not_found`, also for one that the user has hidden, `store_unavailable`.
    package func message(_ id: MessageID, for user: UserID, includingHidden: Bool = false) async throws -> Message {
        let page = try await page(
            of: id.chat,
            for: user,
            window: Self.window(of: id),
            limit: 1,
            includingHidden: includingHidden
        )
        guard let message = page.messages.first, message.id == id else { throw Failure.messageNotFound }
        return message
    }

    /// The document of a message as the last committed operation left it, with its content even when it is deleted: what
    /// an edit, deletion or restoration is made from, hidden or not.
    ///
    /// - Throws: as `message`.
    package func image(of id: MessageID, for user: UserID) async throws -> MessageImage {
        try await agreeing {
            let snapshot = try await snapshot(of: id, for: user)
            let stored = try await bodies.messages(of: id.chat, in: id.sequence...id.sequence)
            let redo = RedoOverlay(snapshot.redo)
            return Self.images(snapshot, redo, stored.first.map { [id.sequence: $0] } ?? [:])?.first
        }
    }

    /// Announced events after an offset as clients receive them; messages as they are today.
    ///
    /// Somebody's removal ends a page, however many more there are: it is the last event they get, and what comes before it
    /// tells nothing that was said after it. A message changed since is told without what it says; the event that changed it
    /// follows, for those who are still there.
    package func announcements(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [Announcement] {
        var events = try await history.announcedEvents(of: chat, after: offset, limit: limit)
        if let removal = events.firstIndex(where: { $0.kind == .participantRemoved }) {
            events.removeSubrange((removal + 1)...)
        }
        let today = events.last?.offset ?? offset
        let shown = Set(events.compactMap { $0.kind.tellsMessage ? $0.sequence : nil })
        var messages = try await messages(of: chat, sequences: shown.sorted(), upTo: today)
        for (sequence, message) in messages where message.revision > today {
            messages[sequence] = message.withoutContent
        }
        return try events.map { try announcement(of: $0, in: chat, messages: messages) }
    }

    // MARK: Agreement of the stores

    /// Reads until both stores tell of the same moment: `body` answers nil when they did not.
    func agreeing<Value>(_ body: () async throws -> Value?) async throws -> Value {
        for _ in 0..<Self.attempts {
            if let value = try await body() { return value }
        }
        throw Self.isBeingWritten
    }

    static let isBeingWritten = Failure(.storeUnavailable, "The messages are being written; try again.")

    func snapshot(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> HistorySnapshot {
        guard let snapshot = try await history.snapshot(of: chat, for: user, window: window, limit: limit) else {
            throw Failure.chatNotFound
        }
        return snapshot
    }

    /// The page of one message.
    func snapshot(of id: MessageID, for user: UserID) async throws -> HistorySnapshot {
        let snapshot = try await snapshot(of: id.chat, for: user, window: Self.window(of: id), limit: 1)
        guard snapshot.rows.first?.sequence == id.sequence else { throw Failure.messageNotFound }
        return snapshot
    }

    private static func window(of id: MessageID) -> HistoryWindow {
        .after(SequenceNumber(rawValue: id.sequence.rawValue - 1))
    }

    /// The messages of a page, hidden ones too; nil where the stores do not agree on it.
    func messages(of chat: ChatID, at snapshot: HistorySnapshot) async throws -> [Message]? {
        let redo = RedoOverlay(snapshot.redo)
        let stored = try await bodies.contents(
            of: chat,
            at: snapshot.rows.map(\.sequence),
            upTo: snapshot.lastOffset,
            excluding: redo.reactionIDs
        )
        guard let images = Self.images(snapshot, redo, stored.messages) else { return nil }
        return zip(snapshot.rows, images).map { row, image in
            Self.message(image, row, redo.reactions(on: row.sequence, over: stored.reactions[row.sequence] ?? []))
        }
    }

    /// The documents of the page's rows; nil where one is missing, older than the statement says or newer than its head.
    static func images(
        _ snapshot: HistorySnapshot,
        _ redo: RedoOverlay,
        _ stored: [SequenceNumber: MessageImage]
    ) -> [MessageImage]? {
        var images: [MessageImage] = []
        for row in snapshot.rows {
            guard let image = redo.message(row.sequence, over: stored[row.sequence]),
                image.revision >= row.revision, image.revision <= snapshot.lastOffset
            else { return nil }
            images.append(image)
        }
        return images
    }

    /// A tombstone shows no reactions.
    static func message(
        _ image: MessageImage,
        _ row: MessageMetadata,
        _ reactions: [ReactionSummary]
    ) -> Message {
        var message = Message(image)
        message.replyCount = row.replyCount
        message.lastReply = row.lastReply
        if !image.isDeleted { message.reactions = reactions }
        return message
    }

    // MARK: Announcements

    /// Messages as they are, with reactions up to an offset; where an unfinished operation is about to change one, its
    /// event is still to come.
    private func messages(
        of chat: ChatID,
        sequences: [SequenceNumber],
        upTo today: Offset
    ) async throws -> [SequenceNumber: Message] {
        guard !sequences.isEmpty else { return [:] }
        let rows = try await history.metadata(of: chat, sequences: sequences)
        let stored = try await bodies.contents(of: chat, at: sequences, upTo: today, excluding: [])
        let nothing = RedoOverlay([])
        var messages: [SequenceNumber: Message] = [:]
        for row in rows {
            guard let image = stored.messages[row.sequence] else { continue }
            let reactions = nothing.reactions(on: row.sequence, over: stored.reactions[row.sequence] ?? [])
            messages[row.sequence] = Self.message(image, row, reactions)
        }
        return messages
    }

    func announcement(
        of event: LoggedEvent,
        in chat: ChatID,
        messages: [SequenceNumber: Message]
    ) throws -> Announcement {
        guard let body = event.body else { return try messageAnnouncement(of: event, in: chat, messages: messages) }
        let operation = Operation(
            chat: chat,
            actor: event.actor,
            id: event.operation,
            hash: [],
            body: body,
            payload: []
        )
        let allocation = Allocation(offset: event.offset, sequence: nil, at: event.at, facts: event.facts)
        return PostImages.announcement(of: CommittedOperation(operation: operation, allocation: allocation))
    }

    /// Of an event whose body is in MongoDB: it tells the message as it is today.
    private func messageAnnouncement(
        of event: LoggedEvent,
        in chat: ChatID,
        messages: [SequenceNumber: Message]
    ) throws -> Announcement {
        guard let sequence = event.sequence else {
            throw StoreError(.postgres, .permanent, "an event lacks its message")
        }
        let payload: [UInt8]
        if event.kind == .messageDeleted {
            payload = EventEncoder.messageDeleted(MessageID(chat: chat, sequence: sequence), offset: event.offset)
        } else {
            guard let message = messages[sequence] else {
                throw StoreError(.mongo, .retryable, "a message announced earlier is not readable")
            }
            payload = EventEncoder.message(message, kind: event.kind, offset: event.offset)
        }
        return Announcement(
            chat: chat,
            offset: event.offset,
            kind: event.kind,
            sequence: event.kind == .messageCreated ? sequence : nil,
            payload: payload
        )
    }
}

package import Domain

/// Reads messages from both stores so that what is committed is seen, and nothing else.
///
/// One Postgres statement gives membership, head, the page's revisions and the redo rows of the chat; MongoDB gives the
/// bodies as a majority sees them; then the redo is laid over by revision. A body newer than the statement repeats
/// everything, because membership may have changed since; a missing or older one is read again.
package final class HistoryReader {
    private let history: any HistoryStore
    private let bodies: any BodyStore

    private static let attempts = 4

    /// Reads from stores of the same loop.
    package init(history: any HistoryStore, bodies: any BodyStore) {
        self.history = history
        self.bodies = bodies
    }

    /// A page of a chat, ascending, and the state of the chat it was read at.
    ///
    /// - Throws: `chat_not_found` for a stranger; `store_unavailable` when the stores did not agree in time.
    package func page(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> (messages: [Message], snapshot: HistorySnapshot) {
        for _ in 0..<Self.attempts {
            guard let snapshot = try await history.snapshot(of: chat, for: user, window: window, limit: limit) else {
                throw Failure.chatNotFound
            }
            let images = try await images(of: chat, rows: snapshot.rows)
            switch Self.overlay(snapshot, images) {
            case .complete(let messages): return (messages, snapshot)
            case .stale, .ahead: continue
            }
        }
        throw Failure(.storeUnavailable, "The messages are being written; try again.")
    }

    /// Announced events after an offset as clients receive them; messages as they are today.
    package func announcements(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [Announcement] {
        let events = try await history.announcedEvents(of: chat, after: offset, limit: limit)
        let shown = Set(events.compactMap { $0.kind.tellsMessage ? $0.sequence : nil })
        let messages = try await messages(of: chat, sequences: shown.sorted())
        return try events.map { try announcement(of: $0, in: chat, messages: messages) }
    }

    /// What laying the redo over the bodies gives.
    enum Overlay: Equatable {
        case complete([Message])
        /// A body is missing or older than the statement says.
        case stale
        /// A body is newer than the statement's head.
        case ahead
    }

    static func overlay(_ snapshot: HistorySnapshot, _ images: [SequenceNumber: MessageImage]) -> Overlay {
        var current = images
        for committed in snapshot.redo {
            for case .message(let image) in PostImages.documents(of: committed)
            where (current[image.id.sequence]?.revision ?? .zero) < image.revision {
                current[image.id.sequence] = image
            }
        }
        var messages: [Message] = []
        for row in snapshot.rows {
            guard let image = current[row.sequence], image.revision >= row.revision else { return .stale }
            guard image.revision <= snapshot.lastOffset else { return .ahead }
            messages.append(message(image, row))
        }
        return .complete(messages)
    }

    private static func message(_ image: MessageImage, _ row: MessageMetadata) -> Message {
        var message = Message(image)
        message.replyCount = row.replyCount
        return message
    }

    private func images(of chat: ChatID, rows: [MessageMetadata]) async throws -> [SequenceNumber: MessageImage] {
        guard let first = rows.first, let last = rows.last else { return [:] }
        let found = try await bodies.messages(of: chat, in: first.sequence...last.sequence)
        return Dictionary(found.map { ($0.id.sequence, $0) }, uniquingKeysWith: { $1 })
    }

    private func messages(of chat: ChatID, sequences: [SequenceNumber]) async throws -> [SequenceNumber: Message] {
        guard let first = sequences.first, let last = sequences.last else { return [:] }
        let rows = try await history.metadata(of: chat, sequences: sequences)
        let found = try await bodies.messages(of: chat, in: first...last)
        let images = Dictionary(found.map { ($0.id.sequence, $0) }, uniquingKeysWith: { $1 })
        var messages: [SequenceNumber: Message] = [:]
        for row in rows {
            if let image = images[row.sequence] { messages[row.sequence] = Self.message(image, row) }
        }
        return messages
    }

    private func announcement(
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

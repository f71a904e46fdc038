package import Domain

/// Messages of many chats read together.
extension HistoryReader {
    /// Those of the messages that exist, that the user has not hidden, and whose chats the user is in; of a chat all at one moment.
    ///
    /// However many there are, each try is one statement of Postgres and two reads of MongoDB; only what the stores did not agree on is
    /// tried again.
    ///
    /// - Throws: `store_unavailable` when the stores did not agree in time.
    package func messages(_ ids: [MessageID], for user: UserID) async throws -> [MessageID: Message] {
        let read = try await settled(of: Array(Set(ids.map(\.chat)))) { chats in
            try await history.snapshots(of: ids.filter { chats.contains($0.chat) }, for: user)
        }
        guard read.unsettled.isEmpty else { throw Self.isBeingWritten }
        return Dictionary(read.messages.values.joined().map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }

    /// The same, without those that the stores do not agree on, as where a body is missing.
    ///
    /// Where there is one, it costs as much as some more reads, the logarithm of how many messages were asked for.
    package func readableMessages(_ ids: [MessageID], for user: UserID) async throws -> [MessageID: Message] {
        let read = try await settled(of: Array(Set(ids.map(\.chat)))) { chats in
            try await history.snapshots(of: ids.filter { chats.contains($0.chat) }, for: user)
        }
        var messages = Dictionary(read.messages.values.joined().map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        let rest = ids.filter { read.unsettled.contains($0.chat) }
        guard rest.count > 1 else { return messages }
        let middle = rest.count / 2
        for half in [Array(rest[..<middle]), Array(rest[middle...])] {
            let readable = try await readableMessages(half, for: user)
            messages.merge(readable, uniquingKeysWith: { $1 })
        }
        return messages
    }

    /// The messages that `read` tells of these chats, where the stores agree on them, the snapshots they were made at, and the chats
    /// on which the stores do not agree.
    func settled(
        of chats: [ChatID],
        _ read: ([ChatID]) async throws -> [ChatID: HistorySnapshot]
    ) async throws -> (
        messages: [ChatID: [Message]], snapshots: [ChatID: HistorySnapshot], unsettled: [ChatID]
    ) {
        var messages: [ChatID: [Message]] = [:]
        var settledAt: [ChatID: HistorySnapshot] = [:]
        var rest = chats
        for _ in 0..<Self.attempts where !rest.isEmpty {
            let snapshots = try await read(rest)
            let overlays = snapshots.mapValues { RedoOverlay($0.redo) }
            let stored = try await bodies.contents(of: Self.lookups(snapshots, overlays))
            rest = []
            for (chat, snapshot) in snapshots {
                guard let overlay = overlays[chat] else { continue }
                if let settled = Self.messages(of: chat, snapshot, overlay, stored) {
                    messages[chat] = settled
                    settledAt[chat] = snapshot
                } else {
                    rest.append(chat)
                }
            }
        }
        return (messages, settledAt, rest)
    }

    /// The messages of a snapshot; nil where the stores do not agree on one of them.
    private static func messages(
        of chat: ChatID,
        _ snapshot: HistorySnapshot,
        _ overlay: RedoOverlay,
        _ stored: [MessageID: StoredMessage]
    ) -> [Message]? {
        var documents: [SequenceNumber: MessageImage] = [:]
        for row in snapshot.rows {
            documents[row.sequence] = stored[MessageID(chat: chat, sequence: row.sequence)]?.image
        }
        guard let images = Self.images(snapshot, overlay, documents) else { return nil }
        return zip(snapshot.rows, images).map { row, image in
            let reactions = stored[image.id]?.reactions ?? []
            return Self.message(image, row, overlay.reactions(on: row.sequence, over: reactions))
        }
    }

    private static func lookups(
        _ snapshots: [ChatID: HistorySnapshot],
        _ overlays: [ChatID: RedoOverlay]
    ) -> [BodyLookup] {
        snapshots.flatMap { chat, snapshot in
            snapshot.rows.map { row in
                BodyLookup(
                    MessageID(chat: chat, sequence: row.sequence),
                    upTo: snapshot.lastOffset,
                    excluding: overlays[chat]?.reactionIDs ?? []
                )
            }
        }
    }
}

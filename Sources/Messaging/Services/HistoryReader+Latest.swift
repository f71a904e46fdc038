package import Domain

/// The newest message of each of many chats.
extension HistoryReader {
    /// The newest message of a chat that the user may be shown: neither deleted nor hidden by the user; nil where there is none.
    ///
    /// - Throws: `store_unavailable` when the stores did not agree in time.
    package func latest(of chat: ChatID, for user: UserID) async throws -> Message? {
        let (messages, unsettled) = try await settled(of: [chat], for: user)
        guard unsettled.isEmpty else { throw Self.isBeingWritten }
        return messages[chat]
    }

    /// The same of many chats: those without such a message are left out, those the user is not in any more, and those on which the
    /// stores did not agree in time, for one chat must not keep a list from being shown.
    ///
    /// However many chats there are, each try is one statement of Postgres and two reads of MongoDB; only what the stores did
    /// not agree on is tried again.
    package func latest(of chats: [ChatID], for user: UserID) async throws -> [ChatID: Message] {
        try await settled(of: chats, for: user).messages
    }

    /// What the stores agree on, and the chats on which they do not.
    private func settled(
        of chats: [ChatID],
        for user: UserID
    ) async throws -> (messages: [ChatID: Message], unsettled: [ChatID]) {
        var messages: [ChatID: Message] = [:]
        var rest = chats
        for _ in 0..<Self.attempts where !rest.isEmpty {
            let snapshots = try await history.latest(of: rest, for: user)
            let overlays = snapshots.mapValues { RedoOverlay($0.redo) }
            let stored = try await bodies.contents(of: Self.lookups(snapshots, overlays))
            rest = []
            for (chat, snapshot) in snapshots {
                guard let row = snapshot.rows.first, let overlay = overlays[chat] else { continue }
                let found = stored[MessageID(chat: chat, sequence: row.sequence)]
                let documents = found.map { [row.sequence: $0.image] } ?? [:]
                if let image = Self.images(snapshot, overlay, documents)?.first {
                    let reactions = overlay.reactions(on: row.sequence, over: found?.reactions ?? [])
                    messages[chat] = Self.message(image, row, reactions)
                } else {
                    rest.append(chat)
                }
            }
        }
        return (messages, rest)
    }

    private static func lookups(
        _ snapshots: [ChatID: HistorySnapshot],
        _ overlays: [ChatID: RedoOverlay]
    ) -> [BodyLookup] {
        snapshots.compactMap { chat, snapshot in
            snapshot.rows.first.map { row in
                BodyLookup(
                    MessageID(chat: chat, sequence: row.sequence),
                    upTo: snapshot.lastOffset,
                    excluding: overlays[chat]?.reactionIDs ?? []
                )
            }
        }
    }
}

package import Domain
internal import JSON

/// Reads of what many ask for again and again, through the cache.
///
/// Each makes its own statement of Postgres, which is never cached: it says whether the reader is in the chat now, and at which event
/// the chat is. What was made of the chat at that very event, by anybody, is what this read would make of it.
extension HistoryReader {
    /// A page of a chat as `page` reads it, its messages encoded as one JSON array.
    ///
    /// - Throws: as `page`.
    package func encodedPage(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> (messages: [UInt8], snapshot: HistorySnapshot) {
        var found = CachedReads.Findings(bypassed: 1)
        let page: (messages: [UInt8], snapshot: HistorySnapshot) = try await agreeing {
            let snapshot = try await snapshot(of: chat, for: user, window: window, limit: limit)
            let place = CachePlace(page: snapshot, of: chat)
            found = CachedReads.Findings(bypassed: 1)
            if let cache, let place {
                found = await cache.look(for: [place.key: place.stamp])
                if let known = found.bodies[place.key] { return (known, snapshot) }
            }
            guard let messages = try await messages(of: chat, at: snapshot) else { return nil }
            let shown = messages.filter { !snapshot.hidden.contains($0.id.sequence) }
            let encoded = Self.encoded(shown)
            // The stamp is that of the statement: what came after it is not in these messages, or is announced after it.
            if let place { cache?.keep(encoded, under: place.key, at: place.stamp) }
            return (encoded, snapshot)
        }
        cache?.count(.messages, found)
        return page
    }

    /// Chats, each with its last message that the user may be shown: neither deleted nor hidden by the user.
    ///
    /// Chats without such a message have none; nor have those the user is not in any more, and those on which the stores did not agree in
    /// time, which are told: one chat must not keep a list from being shown.
    package func withLastMessages(
        _ chats: [Chat],
        for user: UserID
    ) async throws -> (chats: [ShownChat], unsettled: [ChatID]) {
        let spoken = chats.filter { $0.lastSequence.rawValue > 0 }
        let (known, found) = await knownLastMessages(of: spoken)
        let rest = spoken.map(\.id).filter { known[$0] == nil }
        let read = try await settled(of: rest) { try await history.latest(of: $0, for: user) }
        cache?.count(.chats, found)
        for (chat, snapshot) in read.snapshots where !snapshot.isFiltered {
            let place = CachePlace(lastMessageOf: chat, at: snapshot.state)
            cache?.keep(Self.encoded(read.messages[chat]?.first), under: place.key, at: place.stamp)
        }
        let shown = chats.map { chat in
            var chat = chat
            chat.lastMessage = read.messages[chat.id]?.first
            return ShownChat(chat: chat, encodedLastMessage: known[chat.id])
        }
        return (shown, read.unsettled)
    }

    private func knownLastMessages(of chats: [Chat]) async -> ([ChatID: [UInt8]], CachedReads.Findings) {
        guard let cache else { return ([:], CachedReads.Findings()) }
        let places = chats.compactMap { chat in
            chat.state.flatMap { $0.isFiltered ? nil : (chat.id, CachePlace(lastMessageOf: chat.id, at: $0)) }
        }
        let wanted = places.map { ($0.1.key, $0.1.stamp) }
        var found = await cache.look(for: Dictionary(wanted, uniquingKeysWith: { $1 }))
        found.bypassed += chats.count - places.count
        let bodies = found.bodies
        let known = Dictionary(
            places.compactMap { chat, place in bodies[place.key].map { (chat, $0) } },
            uniquingKeysWith: { $1 }
        )
        return (known, found)
    }

    private static func encoded(_ messages: [Message]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 64 + 512 * messages.count)
        writer.beginArray()
        for message in messages { writer.message(message) }
        writer.endArray()
        return writer.bytes
    }

    private static func encoded(_ message: Message?) -> [UInt8] {
        var writer = JSONWriter()
        if let message { writer.message(message) } else { writer.null() }
        return writer.bytes
    }
}

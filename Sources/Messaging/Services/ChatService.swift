package import Domain

/// Makes, lists and changes chats, and who is in them.
///
/// Loop-bound.
package final class ChatService {
    let gate: WriteGate
    private let log: any CommitLog
    let directory: any ChatDirectory
    let accounts: any AccountStore
    let reader: HistoryReader
    private var cache: CachedReads? { reader.cache }
    private let smallRoster: Int

    /// A service over the node's lane and stores of the same loop.
    ///
    /// `smallRoster` is how many members are read as fast as they are looked up in the cache.
    package init(
        gate: WriteGate,
        log: any CommitLog,
        directory: any ChatDirectory,
        accounts: any AccountStore,
        reader: HistoryReader,
        smallRoster: Int = 24
    ) {
        self.gate = gate
        self.log = log
        self.directory = directory
        self.accounts = accounts
        self.reader = reader
        self.smallRoster = smallRoster
    }

    /// Makes a chat; for a pair that has its direct chat already, answers that one.
    ///
    /// - Throws: `user_not_found` for a participant nobody is, and what the coordinator throws.
    package func create(_ draft: ChatDraft, by founder: UserID) async throws -> (chat: ShownChat, isNew: Bool) {
        if draft.type == .direct, let other = draft.participants.first,
            let known = try await directory.directChat(of: founder, and: other)
        {
            return (try await get(known, for: founder), false)
        }
        let existing = try await accounts.existing(draft.participants)
        if let missing = draft.participants.first(where: { !existing.contains($0) }) {
            throw Failure(.userNotFound, "participant_ids: there is no user \(missing)")
        }
        let id = try await log.nextChatID()
        let body = Operation.Body.createChat(draft)
        let operation = OperationCodec.operation(chat: id, actor: founder, id: .random(), body: body)
        switch try await gate.submit(operation) {
        case .committed, .duplicate: return (try await get(id, for: founder), true)
        case .existingChat(let known): return (try await get(known, for: founder), false)
        case .unchanged, .moved: throw Failure(.internal, "A new chat was not answered as one.")
        }
    }

    /// A chat with its last message, as the user sees it.
    package func get(_ id: ChatID, for user: UserID) async throws -> ShownChat {
        guard let found = try await directory.chat(id, for: user) else { throw Failure.chatNotFound }
        let read = try await reader.withLastMessages([found], for: user)
        guard read.unsettled.isEmpty else { throw HistoryReader.isBeingWritten }
        return read.chats[0]
    }

    /// The user's chats with their last messages, the latest activity first; one whose last message cannot be read has none.
    package func list(for user: UserID, limit: Int, cursor: String?) async throws -> Page<ShownChat> {
        try await addingLastMessages(to: directory.chats(of: user, limit: limit, cursor: cursor), for: user)
    }

    /// The same list without its first `skipped` chats.
    package func list(for user: UserID, limit: Int, skipping skipped: Int) async throws -> Page<ShownChat> {
        try await addingLastMessages(to: directory.chats(of: user, limit: limit, skipping: skipped), for: user)
    }

    /// How many chats the user is in.
    package func count(for user: UserID) async throws -> Int { try await directory.chatCount(of: user) }

    /// The members of a chat the user is in, encoded; the first page of many may be one that was cached.
    package func participants(
        of id: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> EncodedItems {
        guard let cache, cache.isOn, cursor == nil else {
            let page = try await directory.participants(of: id, for: user, limit: limit, cursor: cursor)
            guard let page else { throw Failure.chatNotFound }
            cache?.bypass(.members)
            return EncodedItems(page)
        }
        let most = limit <= smallRoster ? Int.max : smallRoster
        guard let asked = try await directory.roster(of: id, for: user, limit: limit, ifAtMost: most) else {
            throw Failure.chatNotFound
        }
        if let page = asked.page {
            cache.bypass(.members)
            return EncodedItems(page)
        }
        let place = CachePlace(membersOf: id, limit: limit, at: asked.state)
        let found = await cache.look(for: [place.key: place.stamp])
        if let body = found.bodies[place.key], let known = EncodedItems(body: body) {
            cache.count(.members, found)
            return known
        }
        let roster = try await directory.roster(of: id, for: user, limit: limit, ifAtMost: .max)
        guard let roster, let page = roster.page else { throw Failure.chatNotFound }
        cache.count(.members, found)
        let items = EncodedItems(page)
        let read = CachePlace(membersOf: id, limit: limit, at: roster.state)
        cache.keep(items.body, under: read.key, at: read.stamp)
        return items
    }

    /// However many there are, those that are not cached are read together.
    private func addingLastMessages(to chats: Page<Chat>, for user: UserID) async throws -> Page<ShownChat> {
        Page(items: try await reader.withLastMessages(chats.items, for: user).chats, next: chats.next)
    }
}

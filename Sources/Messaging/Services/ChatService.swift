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

    /// A service over the node's lane and stores of the same loop.
    package init(
        gate: WriteGate,
        log: any CommitLog,
        directory: any ChatDirectory,
        accounts: any AccountStore,
        reader: HistoryReader
    ) {
        self.gate = gate
        self.log = log
        self.directory = directory
        self.accounts = accounts
        self.reader = reader
    }

    /// Makes a chat; for a pair that has its direct chat already, answers that one.
    ///
    /// - Throws: `user_not_found` for a participant nobody is, and what the coordinator throws.
    package func create(_ draft: ChatDraft, by founder: UserID) async throws -> (chat: Chat, isNew: Bool) {
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
    package func get(_ id: ChatID, for user: UserID) async throws -> Chat {
        guard var chat = try await directory.chat(id, for: user) else { throw Failure.chatNotFound }
        chat.lastMessage = try await reader.latest(of: id, for: user)
        return chat
    }

    /// The user's chats with their last messages, the latest activity first; one whose last message cannot be read has none.
    package func list(for user: UserID, limit: Int, cursor: String?) async throws -> Page<Chat> {
        try await addingLastMessages(to: directory.chats(of: user, limit: limit, cursor: cursor), for: user)
    }

    /// The same list without its first `skipped` chats.
    package func list(for user: UserID, limit: Int, skipping skipped: Int) async throws -> Page<Chat> {
        try await addingLastMessages(to: directory.chats(of: user, limit: limit, skipping: skipped), for: user)
    }

    /// How many chats the user is in.
    package func count(for user: UserID) async throws -> Int { try await directory.chatCount(of: user) }

    /// The members of a chat the user is in.
    package func participants(
        of id: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<Participant> {
        guard let page = try await directory.participants(of: id, for: user, limit: limit, cursor: cursor) else {
            throw Failure.chatNotFound
        }
        return page
    }

    /// However many there are, they are read together; who was removed since the list was read sees none.
    private func addingLastMessages(to chats: Page<Chat>, for user: UserID) async throws -> Page<Chat> {
        var page = chats
        let spoken = page.items.filter { $0.lastSequence.rawValue > 0 }.map(\.id)
        let messages = try await reader.latest(of: spoken, for: user)
        for index in page.items.indices { page.items[index].lastMessage = messages[page.items[index].id] }
        return page
    }
}

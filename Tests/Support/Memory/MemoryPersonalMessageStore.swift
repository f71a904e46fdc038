package import Domain

/// The twin of the store of hidden and saved messages.
package final class MemoryPersonalMessageStore: PersonalMessageStore {
    private let database: MemoryDatabase

    /// A store on this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func hide(_ message: MessageID, _ isHidden: Bool, for user: UserID) async throws -> MarkOutcome {
        try database.check()
        if let absence = database.absence(of: message, for: user) { return absence }
        if isHidden {
            database.hidden[user, default: []].insert(message)
        } else {
            database.hidden[user]?.remove(message)
        }
        return .done
    }

    package func save(_ message: MessageID, for user: UserID, limit: Int) async throws -> MarkOutcome {
        try database.check()
        if let absence = database.absence(of: message, for: user) { return absence }
        let row = database.chats[message.chat]?.messages[Int(message.sequence.rawValue) - 1]
        guard row?.metadata.isDeleted == false, database.hidden[user]?.contains(message) != true else {
            return .missing
        }
        var saved = database.saved[user] ?? []
        guard !saved.contains(where: { $0.message == message }) else { return .done }
        guard saved.count < limit else { return .full }
        saved.append(SavedMessage(message: message, savedAt: database.now))
        database.saved[user] = saved
        return .done
    }

    package func unsave(_ message: MessageID, for user: UserID) async throws -> MarkOutcome {
        try database.check()
        let saved = database.saved[user] ?? []
        guard saved.contains(where: { $0.message == message }) else {
            return database.absence(of: message, for: user) ?? .done
        }
        database.saved[user] = saved.filter { $0.message != message }
        return .done
    }

    /// The cursor is the message that the page ended with.
    package func saved(by user: UserID, limit: Int, cursor: String?) async throws -> Page<SavedMessage> {
        try database.check()
        var rest = Array((database.saved[user] ?? []).reversed())
        if let cursor {
            guard let last = MessageID(cursor), let index = rest.firstIndex(where: { $0.message == last }) else {
                throw Failure(.invalidValue, "cursor: must be the next of an earlier answer")
            }
            rest.removeFirst(index + 1)
        }
        let shown = rest.filter {
            database.chats[$0.message.chat]?.member(user) != nil && database.hidden[user]?.contains($0.message) != true
        }
        let items = Array(shown.prefix(limit))
        return Page(items: items, next: shown.count > limit ? items.last?.message.description : nil)
    }
}

extension MemoryDatabase {
    /// Why a message is not there for a user; nil where it is.
    func absence(of message: MessageID, for user: UserID) -> MarkOutcome? {
        guard let row = chats[message.chat], row.member(user) != nil else { return .stranger }
        return (1...max(row.chat.lastSequence.rawValue, 1)).contains(message.sequence.rawValue)
            && row.chat.lastSequence.rawValue > 0 ? nil : .missing
    }
}

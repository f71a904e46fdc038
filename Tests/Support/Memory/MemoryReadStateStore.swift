package import Domain

/// The twin of the store of read marks.
package final class MemoryReadStateStore: ReadStateStore {
    private let database: MemoryDatabase
    /// Marks of each call, so that a test sees what was asked together.
    package private(set) var calls: [[ReadMark]] = []

    /// Marks of this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func advance(_ marks: [ReadMark]) async throws -> [ReadProgress?] {
        try database.check()
        calls.append(marks)
        var moved: Set<Reader> = []
        var cleared: Set<Reader> = []
        for mark in marks {
            guard let row = database.chats[mark.chat], mark.sequence <= row.chat.lastSequence,
                let index = row.members.firstIndex(where: { $0.user == mark.user })
            else { continue }
            let reader = Reader(chat: mark.chat, user: mark.user)
            if row.members[index].readSequence < mark.sequence {
                database.chats[mark.chat]?.members[index].readSequence = mark.sequence
                moved.insert(reader)
            }
            if row.members[index].isMarkedUnread {
                database.chats[mark.chat]?.members[index].isMarkedUnread = false
                cleared.insert(reader)
            }
        }
        return marks.map { mark in
            guard let row = database.chats[mark.chat], let member = row.member(mark.user) else { return nil }
            let reader = Reader(chat: mark.chat, user: mark.user)
            let my = database.membership(member, in: row)
            return ReadProgress(
                readSequence: my.readSequence,
                unread: my.unread,
                mentions: my.mentions,
                lastSequence: row.chat.lastSequence,
                hasMoved: moved.contains(reader),
                hasCleared: cleared.contains(reader),
                participantCount: row.members.count,
                isTold: isTold(mark.user)
            )
        }
    }

    /// Whether others are told how far somebody has read.
    private func isTold(_ user: UserID) -> Bool { database.settings[user]?.readReceipts ?? true }

    private struct Reader: Hashable {
        let chat: ChatID
        let user: UserID
    }

    package func receipts(
        of chat: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ReadMark>? {
        try database.check()
        let skipped = try cursor.map(Self.place) ?? 0
        guard let row = database.chats[chat], row.member(user) != nil else { return nil }
        return Self.page(row.members.filter { $0.user == user || isTold($0.user) }, of: chat, limit, skipped)
    }

    package func readers(
        of message: MessageID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ReadMark>? {
        try database.check()
        let skipped = try cursor.map(Self.place) ?? 0
        guard let row = database.chats[message.chat], row.member(user) != nil else { return nil }
        guard let said = row.messages.first(where: { $0.metadata.sequence == message.sequence }) else {
            throw Failure(.messageNotFound, "There is no such message in this chat.")
        }
        let readers = row.members.filter { member in
            member.user != said.sender && member.readSequence >= message.sequence
                && member.joinedOffset < said.metadata.createdOffset && (member.user == user || isTold(member.user))
        }
        return Self.page(readers, of: message.chat, limit, skipped)
    }

    package func unread(of user: UserID, limit: Int, cursor: String?) async throws -> UnreadSummary {
        try database.check()
        let after = try cursor.map(Self.place) ?? 0
        let all = database.chats.values.compactMap { row -> UnreadChat? in
            guard let member = row.member(user) else { return nil }
            let my = database.membership(member, in: row)
            return UnreadChat(
                chat: row.chat.id,
                unread: my.unread,
                mentions: my.mentions,
                isMarkedUnread: my.isMarkedUnread
            )
        }
        let waiting = all.filter { ($0.unread > 0 || $0.isMarkedUnread) && $0.chat.rawValue > after }
            .sorted { $0.chat < $1.chat }
        let items = Array(waiting.prefix(limit))
        return UnreadSummary(
            total: all.reduce(0) { $0 + $1.unread },
            mentions: all.reduce(0) { $0 + $1.mentions },
            chats: Page(items: items, next: waiting.count > limit ? items.last.map { "\($0.chat)" } : nil)
        )
    }

    private static func page(
        _ members: [MemoryDatabase.Member],
        of chat: ChatID,
        _ limit: Int,
        _ skipped: Int
    ) -> Page<ReadMark> {
        let sorted = members.sorted { ($0.joinedOffset, $0.user) < ($1.joinedOffset, $1.user) }
        let items = sorted.dropFirst(skipped).prefix(limit)
        let next = sorted.count > skipped + limit ? "\(skipped + limit)" : nil
        return Page(items: items.map { ReadMark(chat: chat, user: $0.user, sequence: $0.readSequence) }, next: next)
    }

    private static func place(_ cursor: String) throws -> Int {
        guard let place = Int(cursor), place >= 0 else {
            throw Failure(.invalidValue, "cursor: must be the next of an earlier answer")
        }
        return place
    }
}

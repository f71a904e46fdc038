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
        var moved: Set<ReadMark> = []
        for mark in marks {
            guard let row = database.chats[mark.chat], mark.sequence <= row.chat.lastSequence,
                let index = row.members.firstIndex(where: { $0.user == mark.user }),
                row.members[index].readSequence < mark.sequence
            else { continue }
            database.chats[mark.chat]?.members[index].readSequence = mark.sequence
            moved.insert(ReadMark(chat: mark.chat, user: mark.user, sequence: SequenceNumber(rawValue: 0)))
        }
        return marks.map { mark in
            guard let row = database.chats[mark.chat], let member = row.member(mark.user) else { return nil }
            let (read, last) = (member.readSequence, row.chat.lastSequence)
            return ReadProgress(
                readSequence: read,
                unread: database.unread(row, mark.user, after: read, through: last),
                lastSequence: last,
                hasMoved: moved.contains(
                    ReadMark(chat: mark.chat, user: mark.user, sequence: SequenceNumber(rawValue: 0))
                ),
                participantCount: row.members.count,
                isTold: database.settings[mark.user]?.readReceipts ?? true
            )
        }
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
        let members = row.members.filter { $0.user == user || database.settings[$0.user]?.readReceipts ?? true }.sorted
        { ($0.joinedOffset, $0.user) < ($1.joinedOffset, $1.user) }
        let items = members.dropFirst(skipped).prefix(limit)
        let next = members.count > skipped + limit ? "\(skipped + limit)" : nil
        return Page(items: items.map { ReadMark(chat: chat, user: $0.user, sequence: $0.readSequence) }, next: next)
    }

    private static func place(_ cursor: String) throws -> Int {
        guard let place = Int(cursor), place >= 0 else {
            throw Failure(.invalidValue, "cursor: must be the next of an earlier answer")
        }
        return place
    }
}

package import Domain

/// The twin of the store of threads.
package final class MemoryThreadStore: ThreadStore {
    private let database: MemoryDatabase

    /// A store on this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func threads(
        of chat: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ThreadSummary>? {
        try database.check()
        let before = try cursor.map(Self.place) ?? .max
        guard let row = database.chats[chat], let member = row.member(user) else { return nil }
        let roots = row.messages.filter { $0.metadata.replyCount > 0 && $0.metadata.sequence.rawValue < before }
        let shown = roots.reversed().prefix(limit)
        let items = shown.compactMap { root -> ThreadSummary? in
            guard let lastReply = root.metadata.lastReply, let lastReplyAt = root.lastReplyAt else { return nil }
            let sequence = root.metadata.sequence
            return ThreadSummary(
                root: MessageID(chat: chat, sequence: sequence),
                replyCount: root.metadata.replyCount,
                lastReply: lastReply,
                lastReplyAt: lastReplyAt,
                readSequence: member.threadReads[sequence] ?? SequenceNumber(rawValue: 0),
                unread: Self.unread(sequence, for: member, in: row)
            )
        }
        return Page(items: items, next: roots.count > limit ? items.last?.root.sequence.description : nil)
    }

    package func read(
        _ root: MessageID,
        to sequence: SequenceNumber,
        by user: UserID
    ) async throws -> ThreadReadOutcome {
        try database.check()
        guard let row = database.chats[root.chat],
            let index = row.members.firstIndex(where: { $0.user == user })
        else { return .stranger }
        let place = Int(root.sequence.rawValue) - 1
        guard row.messages.indices.contains(place), row.messages[place].threadRoot == nil else { return .missing }
        var member = row.members[index]
        let earlier = member.threadReads[root.sequence] ?? SequenceNumber(rawValue: 0)
        let hasReplies = row.messages[place].metadata.replyCount > 0
        if hasReplies, sequence <= row.chat.lastSequence, sequence > earlier {
            member.threadReads[root.sequence] = sequence
        }
        database.chats[root.chat]?.members[index] = member
        return .read(
            member.threadReads[root.sequence] ?? earlier,
            unread: Self.unread(root.sequence, for: member, in: row),
            lastSequence: row.chat.lastSequence
        )
    }

    private static func unread(
        _ root: SequenceNumber,
        for member: MemoryDatabase.Member,
        in row: MemoryDatabase.ChatRow
    ) -> Int {
        let read = member.threadReads[root] ?? SequenceNumber(rawValue: 0)
        let replies = row.messages.filter {
            $0.threadRoot == root && $0.metadata.sequence > read && $0.metadata.createdOffset > member.joinedOffset
        }
        return replies.prefix(ThreadSummary.unreadLimit).count {
            $0.sender != member.user && !$0.metadata.isDeleted && $0.type != .system
        }
    }

    private static func place(_ cursor: String) throws -> Int64 {
        guard let place = Int64(cursor), place > 0 else {
            throw Failure(.invalidValue, "cursor: must be the next of an earlier answer")
        }
        return place
    }
}

package import Domain

/// The twin of the chat directory.
package final class MemoryChatDirectory: ChatDirectory {
    private let database: MemoryDatabase

    /// A directory of this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func chat(_ id: ChatID, for user: UserID) async throws -> Chat? {
        try database.check()
        return database.chats[id].flatMap { view($0, user) }
    }

    package func chats(of user: UserID, limit: Int, cursor: String?) async throws -> Page<Chat> {
        try database.check()
        let rows = database.chats.values.filter { $0.member(user) != nil }.sorted { place($0) > place($1) }
        let last = try cursor.map(Self.place)
        let rest = rows.filter { row in last.map { place(row) < $0 } ?? true }
        let items = rest.prefix(limit)
        let next = rest.count > limit ? items.last.map { "\(place($0).0).\(place($0).1)" } : nil
        return Page(items: items.compactMap { view($0, user) }, next: next)
    }

    package func chatCount(of user: UserID) async throws -> Int {
        try database.check()
        return database.chats.values.count { $0.member(user) != nil }
    }

    package func roster(of id: ChatID, for user: UserID, limit: Int, ifAtMost most: Int) async throws -> Roster? {
        guard let row = database.chats[id],
            let page = try await participants(of: id, for: user, limit: limit, cursor: nil)
        else { return nil }
        let state = ChatState(
            epoch: database.epoch,
            lastOffset: row.chat.lastOffset,
            silentChanges: database.silentChanges
        )
        return Roster(page: row.members.count <= most ? page : nil, state: state)
    }

    package func participants(
        of id: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<Participant>? {
        try database.check()
        let last = try cursor.map(Self.place)
        guard let row = database.chats[id], row.member(user) != nil else { return nil }
        let members = row.members.sorted { place($0) < place($1) }
        let rest = members.filter { member in last.map { place(member) > $0 } ?? true }
        let items = rest.prefix(limit)
        let next = rest.count > limit ? items.last.map { "\(place($0).0).\(place($0).1)" } : nil
        return Page(items: items.map(participant), next: next)
    }

    package func participant(_ user: UserID, of id: ChatID, for caller: UserID) async throws -> Participant? {
        try database.check()
        guard let row = database.chats[id], row.member(caller) != nil else { return nil }
        return row.member(user).map(participant)
    }

    package func pins(of id: ChatID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<Pin>? {
        try database.check()
        let last = try cursor.map { try Self.place($0).0 } ?? .max
        guard let row = database.chats[id], row.member(user) != nil else { return nil }
        let rest = row.pinned.filter { $0.offset.rawValue < last }
        let items = rest.prefix(limit)
        let next = rest.count > limit ? items.last.map { "\($0.offset).0" } : nil
        return Page(items: items.map(\.pin), next: next)
    }

    package func directChat(of first: UserID, and second: UserID) async throws -> ChatID? {
        try database.check()
        guard !database.isBlocked(first, second) else { return nil }
        return database.directChats[MemoryDatabase.Pair(first, second)]
    }

    package func heads(of user: UserID, only chat: ChatID?) async throws -> [ChatHead] {
        try database.check()
        return database.chats.values.sorted { $0.chat.id < $1.chat.id }.compactMap { row in
            let offset = database.announcedOffset(of: row)
            guard let member = row.member(user), chat == nil || chat == row.chat.id else { return nil }
            let created = row.messages.filter { $0.metadata.createdOffset <= offset }
            let sequence = created.last?.metadata.sequence ?? SequenceNumber(rawValue: 0)
            return ChatHead(
                chat: row.chat.id,
                lastSequence: sequence,
                lastOffset: offset,
                readSequence: member.readSequence,
                unread: database.unread(row, user, after: member.readSequence, through: sequence),
                joinedOffset: member.joinedOffset,
                committedOffset: row.chat.lastOffset
            )
        }
    }

    package func announcedOffsets(of chats: [ChatID]) async throws -> [ChatID: Offset] {
        try database.check()
        var offsets: [ChatID: Offset] = [:]
        for chat in chats { offsets[chat] = database.chats[chat].map(database.announcedOffset(of:)) }
        return offsets
    }

    package func announcedMemberships(of users: [UserID]) async throws -> [MembershipStart] {
        try database.check()
        return database.chats.values.flatMap { row in
            let announced = database.announcedOffset(of: row)
            return row.members.filter { users.contains($0.user) && $0.joinedOffset <= announced }
                .map { MembershipStart(user: $0.user, chat: row.chat.id, offset: $0.joinedOffset) }
        }
    }

    private func view(_ row: MemoryDatabase.ChatRow, _ user: UserID) -> Chat? {
        guard let member = row.member(user) else { return nil }
        var chat = row.chat
        chat.participantCount = row.members.count
        chat.my = database.membership(member, in: row)
        chat.state = ChatState(
            epoch: database.epoch,
            lastOffset: chat.lastOffset,
            isFiltered: database.isFiltered(chat.id, for: user),
            silentChanges: database.silentChanges
        )
        return chat
    }

    private func participant(_ member: MemoryDatabase.Member) -> Participant {
        Participant(
            user: member.user,
            username: database.users[member.user]?.user.username ?? "",
            role: member.role,
            joinedAt: member.joinedAt
        )
    }

    // MARK: Cursors

    private func place(_ row: MemoryDatabase.ChatRow) -> (Int64, Int64) {
        (row.lastEventAt.milliseconds, row.chat.id.rawValue)
    }

    private func place(_ member: MemoryDatabase.Member) -> (Int64, Int64) {
        (member.joinedAt.milliseconds, member.user.rawValue)
    }

    private static func place(_ cursor: String) throws -> (Int64, Int64) {
        let parts = cursor.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = Int64(parts[0]), let second = Int64(parts[1]) else {
            throw Failure(.invalidValue, "cursor: must be the next of an earlier answer")
        }
        return (first, second)
    }
}

extension MemoryDatabase.ChatRow {
    /// What is pinned, the latest first, as the events tell it.
    fileprivate var pinned: [(offset: Offset, pin: Pin)] {
        var pinned: [(offset: Offset, pin: Pin)] = []
        for event in events {
            let operation = event.committed.operation
            guard let sequence = operation.target else { continue }
            let message = MessageID(chat: chat.id, sequence: sequence)
            switch operation.kind {
            case .pinAdded:
                let pin = Pin(message: message, pinnedBy: operation.actor, pinnedAt: event.committed.allocation.at)
                pinned.insert((event.offset, pin), at: 0)
            case .pinRemoved, .messageDeleted: pinned.removeAll { $0.pin.message == message }
            default: break
            }
        }
        return pinned
    }
}

internal import Domain

/// What happens to chats and their members.
extension MemoryCommitLog {
    func createChat(_ draft: ChatDraft, _ operation: Operation) -> CommitResult {
        let members = [operation.actor] + draft.participants
        guard members.allSatisfy(database.isPresent) else {
            return .refused(Failure(.userNotFound, "There is no such user."))
        }
        let isRefused = draft.participants.contains { database.blocks[$0]?.contains(operation.actor) == true }
        if isRefused || (draft.type == .direct && database.isBlocked(operation.actor, draft.participants[0])) {
            return .refused(Self.blocked)
        }
        if draft.type == .direct {
            let pair = MemoryDatabase.Pair(operation.actor, draft.participants[0])
            if let known = database.directChats[pair] { return .existingChat(known) }
        }
        guard !members.contains(where: { isInChats($0, draft.chatLimit) }) else { return .refused(Self.tooManyChats) }
        if draft.type == .direct {
            database.directChats[MemoryDatabase.Pair(operation.actor, draft.participants[0])] = operation.chat
        }
        let zero = SequenceNumber(rawValue: 0)
        let chat = Chat(
            id: operation.chat,
            type: draft.type,
            visibility: draft.visibility,
            name: draft.name,
            description: draft.description,
            createdAt: database.now,
            updatedAt: database.now,
            createdBy: operation.actor,
            lastSequence: zero,
            lastOffset: .zero,
            participantCount: members.count
        )
        let joined = members.map { user in
            MemoryDatabase.Member(
                user: user,
                role: draft.type == .group && user == operation.actor ? .owner : .member,
                joinedAt: database.now,
                joinedOffset: Offset.zero.next,
                readSequence: zero
            )
        }
        return allocate(operation, in: .init(chat: chat, lastEventAt: database.now, members: joined))
    }

    func remove(
        _ user: UserID,
        _ operation: Operation,
        by actor: MemoryDatabase.Member,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        var row = row
        guard let target = row.member(user) else { return .refused(Self.userNotFound) }
        let mayRemove = user == actor.user || actor.role == .owner || (actor.role == .admin && target.role != .owner)
        guard row.chat.type == .group, mayRemove else { return .refused(Self.forbidden) }
        row.members.removeAll { $0.user == user }
        guard row.members.isEmpty || Self.hasOwner(row) else { return .refused(.lastOwner) }
        let isOver = row.members.isEmpty
        row.invites.removeAll { isOver || (user != actor.user && $0.createdBy == user) }
        row.chat.participantCount = row.members.count
        return allocate(operation, in: row)
    }

    func add(
        _ addition: ParticipantAddition,
        _ operation: Operation,
        by actor: MemoryDatabase.Member,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        if addition.entrance != nil, addition.user == actor.user { return .unchanged(actor.joinedOffset, pending: nil) }
        let mayAdd = actor.role == .owner || (actor.role == .admin && addition.role != .owner)
        guard row.chat.type == .group, mayAdd else { return .refused(Self.forbidden) }
        if let member = row.member(addition.user) {
            return .unchanged(member.joinedOffset, pending: nil)
        }
        guard database.isPresent(addition.user) else { return .refused(Self.userNotFound) }
        guard database.blocks[addition.user]?.contains(actor.user) != true else { return .refused(Self.blocked) }
        guard row.members.count < addition.memberLimit else {
            return .refused(Failure(.limitExceeded, "The chat is full."))
        }
        guard !isInChats(addition.user, addition.chatLimit) else { return .refused(Self.tooManyChats) }
        return takeIn(addition, operation, in: row)
    }

    /// Makes somebody a member who has read all there is.
    func takeIn(
        _ addition: ParticipantAddition,
        _ operation: Operation,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        var row = row
        let member = MemoryDatabase.Member(
            user: addition.user,
            role: addition.role,
            joinedAt: database.now,
            joinedOffset: row.chat.lastOffset.next,
            readSequence: row.chat.lastSequence
        )
        row.members.append(member)
        row.chat.participantCount = row.members.count
        return allocate(operation, in: row, facts: .participant(participant(member), chat: Self.chat(row)))
    }

    func changeRole(
        of user: UserID,
        to role: Role,
        _ operation: Operation,
        by actor: MemoryDatabase.Member,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        var row = row
        guard let index = row.members.firstIndex(where: { $0.user == user }) else { return .refused(Self.userNotFound) }
        let target = row.members[index]
        let isAdmins = actor.role == .admin && target.role != .owner && role != .owner
        guard row.chat.type == .group, actor.role == .owner || isAdmins else { return .refused(Self.forbidden) }
        guard target.role != role else {
            let changed = row.events.last { event in
                guard case .changeRole(user, _) = event.committed.operation.body else { return false }
                return true
            }
            return .unchanged(max(target.joinedOffset, changed?.offset ?? .zero), pending: nil)
        }
        row.members[index].role = role
        guard Self.hasOwner(row) else { return .refused(.lastOwner) }
        return allocate(operation, in: row, facts: .participant(participant(row.members[index]), chat: nil))
    }

    func changeChat(
        _ change: ChatChange,
        _ operation: Operation,
        by actor: MemoryDatabase.Member,
        in row: MemoryDatabase.ChatRow
    ) -> CommitResult {
        var row = row
        guard row.chat.type == .group, actor.role != .member else { return .refused(Self.forbidden) }
        row.chat.name = Self.changed(row.chat.name, change.name)
        row.chat.description = Self.changed(row.chat.description, change.description)
        row.chat.avatarURL = Self.changed(row.chat.avatarURL, change.avatarURL)
        row.chat.visibility = change.visibility ?? row.chat.visibility
        guard row.chat != database.chats[operation.chat]?.chat else {
            let made = row.events.last { [.chatCreated, .chatUpdated].contains($0.committed.operation.kind) }
            return .unchanged(made?.offset, pending: nil)
        }
        row.chat.updatedAt = database.now
        return allocate(operation, in: row, facts: .chat(Self.chat(row)))
    }

    /// Whether a user is in that many chats.
    func isInChats(_ user: UserID, _ count: Int) -> Bool {
        database.chats.count >= count && database.chats.values.count { $0.member(user) != nil } >= count
    }

    static let tooManyChats = Failure(.limitExceeded, "Somebody is in too many chats.")
    static let userNotFound = Failure(.userNotFound, "There is no such user here.")

    private static func hasOwner(_ row: MemoryDatabase.ChatRow) -> Bool {
        row.members.contains { $0.role == .owner }
    }

    private static func changed(_ value: String?, _ change: FieldChange?) -> String? {
        switch change {
        case .set(let text): text
        case .clear: nil
        case nil: value
        }
    }

    private func participant(_ member: MemoryDatabase.Member) -> Participant {
        Participant(
            user: member.user,
            username: database.users[member.user]?.user.username ?? "",
            role: member.role,
            joinedAt: member.joinedAt
        )
    }

    /// The chat as all its members see it right after the event to come.
    private static func chat(_ row: MemoryDatabase.ChatRow) -> Chat {
        var chat = row.chat
        chat.lastOffset = chat.lastOffset.next
        return chat
    }
}

package import Domain

/// The twin of the store of members' settings.
package final class MemoryMembershipStore: MembershipStore {
    private let database: MemoryDatabase

    /// Settings of this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func change(
        _ change: MembershipChange,
        of chat: ChatID,
        for user: UserID
    ) async throws -> MembershipState? {
        try database.check()
        guard let row = database.chats[chat], let index = row.members.firstIndex(where: { $0.user == user }) else {
            return nil
        }
        var member = row.members[index]
        let before = database.membership(member, in: row)
        switch change.mute {
        case .until(let time): member.mutedUntil = time
        case .off: member.mutedUntil = nil
        case nil: break
        }
        member.isArchived = change.isArchived ?? member.isArchived
        member.isPinned = change.isPinned ?? member.isPinned
        member.isMarkedUnread = change.isMarkedUnread ?? member.isMarkedUnread
        database.chats[chat]?.members[index] = member
        let after = database.membership(member, in: row)
        return MembershipState(membership: after, hasChanged: before != after)
    }
}

extension MemoryDatabase {
    /// A member's own side of a chat.
    func membership(_ member: Member, in row: ChatRow) -> Membership {
        let waiting = row.messages.filter {
            $0.metadata.sequence > member.readSequence && $0.counts(for: member.user)
        }
        return Membership(
            role: member.role,
            readSequence: member.readSequence,
            unread: waiting.count,
            mentions: waiting.count { $0.mentionsEveryone || $0.mentioned.contains(member.user) },
            mutedUntil: member.mutedUntil,
            isArchived: member.isArchived,
            isPinned: member.isPinned,
            isMarkedUnread: member.isMarkedUnread
        )
    }
}

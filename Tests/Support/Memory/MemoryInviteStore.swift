package import Domain

/// The twin of the store of invites.
package final class MemoryInviteStore: InviteStore {
    private let database: MemoryDatabase

    /// Invites of this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func make(
        _ draft: InviteDraft,
        code: String,
        in chat: ChatID,
        by user: UserID
    ) async throws -> Invite {
        try check(user, chat)
        let now = database.now
        let end: Timestamp? =
            switch draft.end {
            case .never: nil
            case .after(let duration): now + Int64(duration / .milliseconds(1))
            case .at(let time): time
            }
        guard end.map({ $0 > now }) ?? true else {
            throw Failure(.invalidValue, "expires_at: must be in the future")
        }
        database.chats[chat]?.invites.removeAll { !$0.isGood(at: now) }
        guard database.chats[chat]?.invites.count ?? 0 < Invite.limit else {
            throw Failure(.limitExceeded, "A chat has at most \(Invite.limit) invites at a time.")
        }
        let invite = Invite(
            chat: chat,
            code: code,
            createdBy: user,
            createdAt: now,
            expiresAt: end,
            maxUses: draft.maxUses,
            uses: 0
        )
        database.chats[chat]?.invites.append(invite)
        return invite
    }

    package func invites(of chat: ChatID, for user: UserID) async throws -> [Invite] {
        try check(user, chat)
        return database.chats[chat]?.invites ?? []
    }

    package func revoke(_ code: String, of chat: ChatID, by user: UserID) async throws {
        try check(user, chat)
        guard let index = database.chats[chat]?.invites.firstIndex(where: { $0.code == code }) else {
            throw Failure(.notFound, "The chat has no such invite.")
        }
        database.chats[chat]?.invites.remove(at: index)
    }

    private func check(_ user: UserID, _ chat: ChatID) throws {
        try database.check()
        guard let row = database.chats[chat], let member = row.member(user) else { throw Failure.chatNotFound }
        guard row.chat.type == .group, member.role != .member else {
            throw Failure(.forbidden, "Invites are for the owners and admins of a group.")
        }
    }
}

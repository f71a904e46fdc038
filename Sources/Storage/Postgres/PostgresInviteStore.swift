package import Domain
package import Postgres

/// Invites in Postgres; the batch function counts their uses.
///
/// Loop-bound, like its client.
package final class PostgresInviteStore: InviteStore {
    private let client: PostgresClient

    /// Reads and writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func make(
        _ draft: InviteDraft,
        code: String,
        in chat: ChatID,
        by user: UserID
    ) async throws -> Invite {
        var (end, lifetime): (PostgresTimestamp?, Double?) = (nil, nil)
        switch draft.end {
        case .never: break
        case .after(let duration): lifetime = duration / .seconds(1)
        case .at(let time): end = PostgresTimestamp(time)
        }
        let query: PostgresQuery = """
            SELECT status, created_at, expires_at
            FROM duologue_make_invite(
                \(user.rawValue), \(chat.rawValue), \(code), \(end), make_interval(secs => \(lifetime)),
                \(draft.maxUses.map(Int32.init(clamping:))), \(Int32(Invite.limit)))
            """
        let (status, invite) = try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("make_invite")).first else {
                throw PostgresError(.decoding, "the invite function gave no row")
            }
            let invite = Invite(
                chat: chat,
                code: code,
                createdBy: user,
                createdAt: try row.timestamp(1),
                expiresAt: try row.optionalTimestamp(2),
                maxUses: draft.maxUses,
                uses: 0
            )
            return (try row.decode(0, as: String.self), invite)
        }
        switch status {
        case "made": return invite
        case "expired": throw Failure(.invalidValue, "expires_at: must be in the future")
        case "limit_exceeded": throw Failure(.limitExceeded, "A chat has at most \(Invite.limit) invites at a time.")
        default: throw Self.failure(status)
        }
    }

    package func invites(of chat: ChatID, for user: UserID) async throws -> [Invite] {
        // One statement: what is shown is what somebody may see who is in the chat at that moment.
        let query: PostgresQuery = """
            SELECT may.status, i.code, i.created_by, i.created_at, i.expires_at, i.max_uses, i.uses
            FROM (SELECT duologue_inviter(\(user.rawValue), \(chat.rawValue)) AS status) may
            LEFT JOIN chat_invites i ON may.status = 'made' AND i.chat_id = \(chat.rawValue)
            ORDER BY i.created_at, i.code
            """
        let rows = try await postgres { () throws(PostgresError) in
            try await client.query(query.named("invites")).map { row throws(PostgresError) in
                (status: try row.decode(0, as: String.self), invite: try Self.invite(row, of: chat))
            }
        }
        if let status = rows.first?.status, status != "made" { throw Self.failure(status) }
        return rows.compactMap(\.invite)
    }

    package func revoke(_ code: String, of chat: ChatID, by user: UserID) async throws {
        let query: PostgresQuery = "SELECT duologue_revoke_invite(\(user.rawValue), \(chat.rawValue), \(code))"
        let status = try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("revoke_invite")).first?.decode(0, as: String.self) ?? ""
        }
        if status != "revoked" { throw Self.failure(status) }
    }

    /// Nil in the one row of a chat without any.
    private static func invite(_ row: PostgresRow, of chat: ChatID) throws(PostgresError) -> Invite? {
        guard let code = try row.decode(1, as: String?.self) else { return nil }
        return Invite(
            chat: chat,
            code: code,
            createdBy: try row.id(2),
            createdAt: try row.timestamp(3),
            expiresAt: try row.optionalTimestamp(4),
            maxUses: try row.decode(5),
            uses: try row.decode(6)
        )
    }

    private static func failure(_ status: String) -> Failure {
        switch status {
        case "chat_not_found": .chatNotFound
        case "forbidden": Failure(.forbidden, "Invites are for the owners and admins of a group.")
        case "not_found": Failure(.notFound, "The chat has no such invite.")
        default: Failure(.internal, "The invite could not be decided.")
        }
    }
}

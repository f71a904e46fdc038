package import Domain
package import Postgres

/// Members' settings in Postgres, columns of who is in a chat.
///
/// Loop-bound, like its client.
package final class PostgresMembershipStore: MembershipStore {
    private let client: PostgresClient

    /// Reads and writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func change(
        _ change: MembershipChange,
        of chat: ChatID,
        for user: UserID
    ) async throws -> MembershipState? {
        var mutedUntil: PostgresTimestamp?
        if case .until(let time)? = change.mute { mutedUntil = PostgresTimestamp(time) }
        let query: PostgresQuery = """
            SELECT role, read_seq, unread, mentions, muted_until, archived, pinned, marked_unread, changed
            FROM duologue_change_membership(
                \(user.rawValue), \(chat.rawValue), \(change.mute != nil), \(mutedUntil), \(change.isArchived),
                \(change.isPinned), \(change.isMarkedUnread))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("change_membership")).first.map { row throws(PostgresError) in
                MembershipState(
                    membership: try PostgresChatDirectory.membership(row, from: 0),
                    hasChanged: try row.decode(8)
                )
            }
        }
    }
}

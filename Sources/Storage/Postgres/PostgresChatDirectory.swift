package import Domain
package import Postgres

/// Chats and memberships in Postgres.
///
/// Loop-bound, like its client.
///
/// Chats show what is committed; heads show what is announced.
package final class PostgresChatDirectory: ChatDirectory {
    let client: PostgresClient

    /// Reads through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    // MARK: Chats

    package func chat(_ id: ChatID, for user: UserID) async throws -> Chat? {
        let query: PostgresQuery = """
            SELECT c.id, c.type, c.visibility, c.name, c.description, c.avatar_url, c.created_at, c.updated_at, c.created_by,
                   c.last_seq, c.last_offset, c.participant_count,
                   p.role, p.read_seq, u.unread, n.mentions, p.muted_until, p.archived, p.pinned, p.marked_unread,
                   (SELECT epoch::text FROM meta),
                   EXISTS (SELECT FROM hidden_messages h WHERE h.chat_id = p.chat_id AND h.user_id = p.user_id),
                   (SELECT silent_changes FROM meta)
            FROM participants p
            JOIN chats c ON c.id = p.chat_id
            CROSS JOIN LATERAL duologue_unread(p.user_id, p.chat_id, p.read_seq, c.last_seq) u
            CROSS JOIN LATERAL duologue_mentions(p.user_id, p.chat_id, p.read_seq, c.last_seq) n
            WHERE p.chat_id = \(id.rawValue) AND p.user_id = \(user.rawValue)
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("chat")).first.map { row throws(PostgresError) in try Self.chat(row) }
        }
    }

    package func chats(of user: UserID, limit: Int, cursor: String?) async throws -> Page<Chat> {
        try await chats(of: user, limit: limit, after: cursor.map(PageCursor.init(parsing:)), skipping: 0)
    }

    /// The same list without its first `skipped` chats; linear in the user's chats, as the other is.
    package func chats(of user: UserID, limit: Int, skipping skipped: Int) async throws -> Page<Chat> {
        try await chats(of: user, limit: limit, after: nil, skipping: skipped)
    }

    /// The page is chosen before anything is counted, so that unread counts cost a page and not a list.
    private func chats(
        of user: UserID,
        limit: Int,
        after cursor: PageCursor?,
        skipping skipped: Int
    ) async throws -> Page<Chat> {
        let query: PostgresQuery = """
            SELECT c.id, c.type, c.visibility, c.name, c.description, c.avatar_url, c.created_at, c.updated_at, c.created_by,
                   c.last_seq, c.last_offset, c.participant_count,
                   c.role, c.read_seq, u.unread, n.mentions, c.muted_until, c.archived, c.pinned, c.marked_unread,
                   (SELECT epoch::text FROM meta),
                   EXISTS (SELECT FROM hidden_messages h WHERE h.chat_id = c.id AND h.user_id = \(user.rawValue)),
                   (SELECT silent_changes FROM meta), c.last_event_at
            FROM (
                SELECT c.*, p.role, p.read_seq, p.muted_until, p.archived, p.pinned, p.marked_unread
                FROM participants p JOIN chats c ON c.id = p.chat_id
                WHERE p.user_id = \(user.rawValue)
                  AND (\(cursor == nil)
                       OR (c.last_event_at, c.id)
                          < (\(PostgresTimestamp(microseconds: cursor?.first ?? 0)), \(cursor?.second ?? 0)))
                ORDER BY c.last_event_at DESC, c.id DESC LIMIT \(limit + 1) OFFSET \(skipped)
            ) c
            CROSS JOIN LATERAL duologue_unread(\(user.rawValue), c.id, c.read_seq, c.last_seq) u
            CROSS JOIN LATERAL duologue_mentions(\(user.rawValue), c.id, c.read_seq, c.last_seq) n
            ORDER BY c.last_event_at DESC, c.id DESC
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("chats"))
            return try PageCursor.page(rows, limit: limit, Self.chat) { row throws(PostgresError) in
                PageCursor(
                    first: try row.decode(23, as: PostgresTimestamp.self).microseconds,
                    second: try row.decode(0)
                )
            }
        }
    }

    private static func chat(_ row: PostgresRow) throws(PostgresError) -> Chat {
        Chat(
            id: try row.id(0),
            type: try row.word(1),
            visibility: try row.word(2),
            name: try row.decode(3),
            description: try row.decode(4),
            avatarURL: try row.decode(5),
            createdAt: try row.timestamp(6),
            updatedAt: try row.timestamp(7),
            createdBy: try row.id(8),
            lastSequence: try row.id(9),
            lastOffset: try row.id(10),
            participantCount: try row.decode(11),
            my: try membership(row, from: 12),
            state: ChatState(
                epoch: try row.decode(20),
                lastOffset: try row.id(10),
                isFiltered: try row.decode(21),
                silentChanges: try row.decode(22)
            )
        )
    }

    /// A member's own side of a chat, of eight columns.
    static func membership(_ row: PostgresRow, from column: Int) throws(PostgresError) -> Membership {
        Membership(
            role: try row.word(column),
            readSequence: try row.id(column + 1),
            unread: try row.decode(column + 2),
            mentions: try row.decode(column + 3),
            mutedUntil: try row.optionalTimestamp(column + 4),
            isArchived: try row.decode(column + 5),
            isPinned: try row.decode(column + 6),
            isMarkedUnread: try row.decode(column + 7)
        )
    }

    package func chatCount(of user: UserID) async throws -> Int {
        let query: PostgresQuery = "SELECT count(*) FROM participants WHERE user_id = \(user.rawValue)"
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("chat_count")).first?.decode(0) ?? 0
        }
    }

    package func directChat(of first: UserID, and second: UserID) async throws -> ChatID? {
        let query: PostgresQuery = """
            SELECT d.chat_id FROM direct_chats d JOIN chats c ON c.id = d.chat_id
            WHERE d.low_user = \(min(first, second).rawValue) AND d.high_user = \(max(first, second).rawValue)
              AND NOT c.closed_by_block
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("direct_chat")).first?.id(0)
        }
    }

    // MARK: Pins

    package func pins(of id: ChatID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<Pin>? {
        let after = try cursor.map(PageCursor.init(parsing:))
        let query: PostgresQuery = """
            SELECT pin.seq, pin.pinned_by, pin.pinned_at, pin."offset"
            FROM participants me
            LEFT JOIN LATERAL (
                SELECT * FROM pins
                WHERE pins.chat_id = me.chat_id AND pins."offset" < \(after?.first ?? Int64.max)
                ORDER BY pins."offset" DESC LIMIT \(limit + 1)
            ) pin ON true
            WHERE me.chat_id = \(id.rawValue) AND me.user_id = \(user.rawValue)
            ORDER BY pin."offset" DESC
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("pins"))
            guard let first = rows.first else { return nil }
            guard try first.decode(0, as: Int64?.self) != nil else { return Page(items: [], next: nil) }
            return try PageCursor.page(rows, limit: limit) { row throws(PostgresError) in
                Pin(
                    message: MessageID(chat: id, sequence: try row.id(0)),
                    pinnedBy: try row.id(1),
                    pinnedAt: try row.timestamp(2)
                )
            } _: { row throws(PostgresError) in
                PageCursor(first: try row.decode(3), second: try row.decode(0))
            }
        }
    }
}

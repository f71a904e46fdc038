package import Domain
internal import Postgres

/// Who is in a chat.
extension PostgresChatDirectory {
    package func roster(of id: ChatID, for user: UserID, limit: Int, ifAtMost most: Int) async throws -> Roster? {
        try await roster(of: id, for: user, limit: limit, ifAtMost: most, after: PageCursor(first: 0, second: 0))
    }

    package func participants(
        of id: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<Participant>? {
        let after = try cursor.map(PageCursor.init(parsing:)) ?? PageCursor(first: 0, second: 0)
        return try await roster(of: id, for: user, limit: limit, ifAtMost: .max, after: after)?.page
    }

    /// One statement: a page of members must not be read for somebody who left in between, and is of one state.
    private func roster(
        of id: ChatID,
        for user: UserID,
        limit: Int,
        ifAtMost most: Int,
        after: PageCursor
    ) async throws -> Roster? {
        let query: PostgresQuery = """
            SELECT m.user_id, m.username, m.role, m.joined_at, m.joined_offset,
                   meta.epoch::text, c.last_offset, meta.silent_changes, c.participant_count <= \(Int64(most))
            FROM participants me
            JOIN chats c ON c.id = me.chat_id
            CROSS JOIN meta
            LEFT JOIN LATERAL (
                SELECT p.user_id, u.username, p.role, p.joined_at, p.joined_offset
                FROM participants p JOIN users u ON u.id = p.user_id
                WHERE c.participant_count <= \(Int64(most)) AND p.chat_id = me.chat_id
                  AND (p.joined_offset, p.user_id) > (\(after.first), \(after.second))
                ORDER BY p.joined_offset, p.user_id LIMIT \(limit + 1)
            ) m ON true
            WHERE me.chat_id = \(id.rawValue) AND me.user_id = \(user.rawValue)
            ORDER BY m.joined_offset, m.user_id
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("participants"))
            guard let first = rows.first else { return nil }
            let state = try Self.state(first, from: 5)
            guard try first.decode(0, as: Int64?.self) != nil else {
                return Roster(page: try first.decode(8) ? Page(items: [], next: nil) : nil, state: state)
            }
            let page = try PageCursor.page(rows, limit: limit, Self.participant) { row throws(PostgresError) in
                PageCursor(first: try row.decode(4), second: try row.decode(0))
            }
            return Roster(page: page, state: state)
        }
    }

    package func participant(_ user: UserID, of id: ChatID, for caller: UserID) async throws -> Participant? {
        let query: PostgresQuery = """
            SELECT p.user_id, u.username, p.role, p.joined_at
            FROM participants me
            JOIN participants p ON p.chat_id = me.chat_id AND p.user_id = \(user.rawValue)
            JOIN users u ON u.id = p.user_id
            WHERE me.chat_id = \(id.rawValue) AND me.user_id = \(caller.rawValue)
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("participant")).first.map { row throws(PostgresError) in
                try Self.participant(row)
            }
        }
    }

    private static func participant(_ row: PostgresRow) throws(PostgresError) -> Participant {
        Participant(
            user: try row.id(0),
            username: try row.decode(1),
            role: try row.word(2),
            joinedAt: try row.timestamp(3)
        )
    }

    /// The state of a chat, of three columns.
    private static func state(_ row: PostgresRow, from column: Int) throws(PostgresError) -> ChatState {
        ChatState(
            epoch: try row.decode(column),
            lastOffset: try row.id(column + 1),
            silentChanges: try row.decode(column + 2)
        )
    }
}

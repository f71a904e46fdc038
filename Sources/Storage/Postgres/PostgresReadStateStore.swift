package import Domain
package import Postgres

/// Read marks in Postgres, a column of who is in a chat.
///
/// Loop-bound, like its client.
package final class PostgresReadStateStore: ReadStateStore {
    private let client: PostgresClient

    /// Reads and writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func advance(_ marks: [ReadMark]) async throws -> [ReadProgress?] {
        let query: PostgresQuery = """
            SELECT n, last_seq, read_seq, unread, moved, participant_count, told
            FROM duologue_advance_reads(\(marks.map(\.chat.rawValue)), \(marks.map(\.user.rawValue)),
                                        \(marks.map(\.sequence.rawValue)))
            """
        return try await postgres { () throws(PostgresError) in
            var progress: [ReadProgress?] = Array(repeating: nil, count: marks.count)
            for row in try await client.execute(query.named("advance_reads")) {
                let index = try row.decode(0, as: Int.self) - 1
                guard progress.indices.contains(index) else {
                    throw PostgresError(.decoding, "a read mark that was not asked for")
                }
                progress[index] = ReadProgress(
                    readSequence: try row.id(2),
                    unread: try row.decode(3),
                    lastSequence: try row.id(1),
                    hasMoved: try row.decode(4),
                    participantCount: try row.decode(5),
                    isTold: try row.decode(6)
                )
            }
            return progress
        }
    }

    package func receipts(
        of chat: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ReadMark>? {
        let after = try cursor.map(PageCursor.init(parsing:)) ?? PageCursor(first: 0, second: 0)
        // One statement, as for the list of members.
        let query: PostgresQuery = """
            SELECT m.user_id, m.read_seq, m.joined_offset
            FROM participants me
            LEFT JOIN LATERAL (
                SELECT p.user_id, p.read_seq, p.joined_offset FROM participants p
                WHERE p.chat_id = me.chat_id AND (p.joined_offset, p.user_id) > (\(after.first), \(after.second))
                  AND (p.user_id = me.user_id OR NOT EXISTS (
                      SELECT FROM user_settings s WHERE s.user_id = p.user_id AND NOT s.read_receipts))
                ORDER BY p.joined_offset, p.user_id LIMIT \(limit + 1)
            ) m ON true
            WHERE me.chat_id = \(chat.rawValue) AND me.user_id = \(user.rawValue)
            ORDER BY m.joined_offset, m.user_id
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("receipts"))
            guard let first = rows.first else { return nil }
            guard try first.decode(0, as: Int64?.self) != nil else { return Page(items: [], next: nil) }
            return try PageCursor.page(rows, limit: limit) { row throws(PostgresError) in
                ReadMark(chat: chat, user: try row.id(0), sequence: try row.id(1))
            } _: { row throws(PostgresError) in
                PageCursor(first: try row.decode(2), second: try row.decode(0))
            }
        }
    }
}

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
            SELECT n, last_seq, read_seq, unread, moved, participant_count, mentions, cleared, told
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
                    mentions: try row.decode(6),
                    lastSequence: try row.id(1),
                    hasMoved: try row.decode(4),
                    hasCleared: try row.decode(7),
                    participantCount: try row.decode(5),
                    isTold: try row.decode(8)
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
            return rows.isEmpty ? nil : try Self.marks(rows, of: chat, limit: limit)
        }
    }

    package func readers(
        of message: MessageID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ReadMark>? {
        let after = try cursor.map(PageCursor.init(parsing:)) ?? PageCursor(first: 0, second: 0)
        let query: PostgresQuery = """
            SELECT m.user_id, m.read_seq, m.joined_offset, said.seq
            FROM participants me
            LEFT JOIN message_metadata said ON said.chat_id = me.chat_id AND said.seq = \(message.sequence.rawValue)
            LEFT JOIN LATERAL (
                SELECT p.user_id, p.read_seq, p.joined_offset FROM participants p
                WHERE p.chat_id = me.chat_id AND p.read_seq >= said.seq AND p.user_id <> said.sender_id
                  AND p.joined_offset < said."offset"
                  AND (p.user_id = me.user_id OR NOT EXISTS (
                      SELECT FROM user_settings s WHERE s.user_id = p.user_id AND NOT s.read_receipts))
                  AND (p.joined_offset, p.user_id) > (\(after.first), \(after.second))
                ORDER BY p.joined_offset, p.user_id LIMIT \(limit + 1)
            ) m ON true
            WHERE me.chat_id = \(message.chat.rawValue) AND me.user_id = \(user.rawValue)
            ORDER BY m.joined_offset, m.user_id
            """
        let (page, isThere) = try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("readers"))
            guard let first = rows.first else { return (nil as Page<ReadMark>?, true) }
            let isThere = try first.decode(3, as: Int64?.self) != nil
            return (try Self.marks(rows, of: message.chat, limit: limit), isThere)
        }
        guard isThere else { throw Failure(.messageNotFound, "There is no such message in this chat.") }
        return page
    }

    /// A page of rows of user, mark and joining; the first has no user where there is nobody.
    private static func marks(
        _ rows: [PostgresRow],
        of chat: ChatID,
        limit: Int
    ) throws(PostgresError) -> Page<ReadMark> {
        guard try rows.first?.decode(0, as: Int64?.self) != nil else { return Page(items: [], next: nil) }
        return try PageCursor.page(rows, limit: limit) { row throws(PostgresError) in
            ReadMark(chat: chat, user: try row.id(0), sequence: try row.id(1))
        } _: { row throws(PostgresError) in
            PageCursor(first: try row.decode(2), second: try row.decode(0))
        }
    }

    // MARK: Unread

    package func unread(of user: UserID, limit: Int, cursor: String?) async throws -> UnreadSummary {
        let after = try cursor.map(PageCursor.init(parsing:))?.first ?? 0
        let query: PostgresQuery = """
            SELECT total, total_mentions, chat_id, unread, mentions, marked_unread
            FROM duologue_unread_chats(\(user.rawValue), \(after), \(Int32(clamping: limit + 1)))
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("unread_chats"))
            guard let first = rows.first else { throw PostgresError(.decoding, "unread counts without a row") }
            let isEmpty = try first.decode(2, as: Int64?.self) == nil
            let chats = try PageCursor.page(isEmpty ? [] : rows, limit: limit) { row throws(PostgresError) in
                UnreadChat(
                    chat: try row.id(2),
                    unread: try row.decode(3),
                    mentions: try row.decode(4),
                    isMarkedUnread: try row.decode(5)
                )
            } _: { row throws(PostgresError) in
                PageCursor(first: try row.decode(2), second: 0)
            }
            return UnreadSummary(total: try first.decode(0), mentions: try first.decode(1), chats: chats)
        }
    }
}

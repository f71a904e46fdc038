package import Domain
package import Postgres

/// Threads and their read marks in Postgres.
///
/// Loop-bound, like its client. Every method is one statement.
package final class PostgresThreadStore: ThreadStore {
    private let client: PostgresClient

    /// Reads and writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func threads(
        of chat: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ThreadSummary>? {
        let before = try cursor.map(PageCursor.init(parsing:))?.first ?? .max
        let query: PostgresQuery = """
            SELECT root, reply_count, last_reply_seq, last_reply_at, read_seq, unread
            FROM duologue_threads(\(user.rawValue), \(chat.rawValue), \(before), \(Int32(clamping: limit + 1)))
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("threads"))
            guard let first = rows.first else { return nil }
            guard try first.decode(0, as: Int64?.self) != nil else { return Page(items: [], next: nil) }
            return try PageCursor.page(rows, limit: limit) { row throws(PostgresError) in
                ThreadSummary(
                    root: MessageID(chat: chat, sequence: try row.id(0)),
                    replyCount: try row.decode(1),
                    lastReply: try row.id(2),
                    lastReplyAt: try row.timestamp(3),
                    readSequence: try row.id(4),
                    unread: try row.decode(5)
                )
            } _: { row throws(PostgresError) in
                PageCursor(first: try row.decode(0), second: 0)
            }
        }
    }

    package func read(
        _ root: MessageID,
        to sequence: SequenceNumber,
        by user: UserID
    ) async throws -> ThreadReadOutcome {
        let query: PostgresQuery = """
            SELECT status, read_seq, unread, last_seq
            FROM duologue_read_thread(
                \(user.rawValue), \(root.chat.rawValue), \(root.sequence.rawValue), \(sequence.rawValue))
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("read_thread")).first else {
                throw PostgresError(.decoding, "a function without an answer")
            }
            switch try row.decode(0, as: String.self) {
            case "done": return .read(try row.id(1), unread: try row.decode(2), lastSequence: try row.id(3))
            case "chat_not_found": return .stranger
            default: return .missing
            }
        }
    }
}

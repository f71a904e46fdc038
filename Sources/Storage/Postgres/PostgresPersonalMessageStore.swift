package import Domain
package import Postgres

/// Hidden and saved messages in Postgres.
///
/// Loop-bound, like its client. Every method is one statement.
package final class PostgresPersonalMessageStore: PersonalMessageStore {
    private let client: PostgresClient

    /// Reads and writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func hide(
        _ message: MessageID,
        _ isHidden: Bool,
        for user: UserID,
        limit: Int
    ) async throws -> MarkOutcome {
        let query: PostgresQuery = """
            SELECT duologue_hide(
                \(user.rawValue), \(message.chat.rawValue), \(message.sequence.rawValue), \(isHidden),
                \(Int32(clamping: limit)))
            """
        return try await mark(query.named("hide"))
    }

    package func save(_ message: MessageID, for user: UserID, limit: Int) async throws -> MarkOutcome {
        let query: PostgresQuery = """
            SELECT duologue_save(
                \(user.rawValue), \(message.chat.rawValue), \(message.sequence.rawValue), \(Int32(clamping: limit)))
            """
        return try await mark(query.named("save"))
    }

    package func unsave(_ message: MessageID, for user: UserID) async throws -> MarkOutcome {
        let query: PostgresQuery = """
            SELECT duologue_unsave(\(user.rawValue), \(message.chat.rawValue), \(message.sequence.rawValue))
            """
        return try await mark(query.named("unsave"))
    }

    private func mark(_ query: PostgresQuery) async throws -> MarkOutcome {
        try await postgres { () throws(PostgresError) in
            switch try await client.execute(query).first?.decode(0, as: String.self) {
            case "done": .done
            case "chat_not_found": .stranger
            case "message_not_found": .missing
            case "limit_exceeded": .full
            default: throw PostgresError(.decoding, "an answer that is unknown")
            }
        }
    }

    package func saved(by user: UserID, limit: Int, cursor: String?) async throws -> Page<SavedMessage> {
        let after = try cursor.map(PageCursor.init(parsing:))
        let query: PostgresQuery = """
            SELECT s.chat_id, s.seq, s.saved_at, s.id
            FROM saved_messages s JOIN participants p ON p.chat_id = s.chat_id AND p.user_id = s.user_id
            WHERE s.user_id = \(user.rawValue) AND s.id < \(after?.first ?? Int64.max)
              AND NOT EXISTS (SELECT FROM hidden_messages h
                              WHERE h.chat_id = s.chat_id AND h.user_id = s.user_id AND h.seq = s.seq)
            ORDER BY s.id DESC LIMIT \(limit + 1)
            """
        return try await postgres { () throws(PostgresError) in
            try PageCursor.page(try await client.query(query.named("saved")), limit: limit) {
                row throws(PostgresError) in
                SavedMessage(
                    message: MessageID(chat: try row.id(0), sequence: try row.id(1)),
                    savedAt: try row.timestamp(2)
                )
            } _: { row throws(PostgresError) in
                PageCursor(first: try row.decode(3), second: 0)
            }
        }
    }
}

package import Domain
package import Postgres

/// Drafts in Postgres, each a row that depends on its membership.
///
/// Loop-bound, like its client. Every method is one statement.
package final class PostgresDraftStore: DraftStore {
    private let client: PostgresClient

    /// Reads and writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func draft(in chat: ChatID, of user: UserID) async throws -> DraftOutcome {
        let query: PostgresQuery = """
            SELECT d.content, d.reply_to, d.updated_at
            FROM participants p LEFT JOIN drafts d ON d.chat_id = p.chat_id AND d.user_id = p.user_id
            WHERE p.chat_id = \(chat.rawValue) AND p.user_id = \(user.rawValue)
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.query(query.named("draft")).first else { return .stranger }
            guard let content = try row.decode(0, as: String?.self) else { return .none }
            return .draft(
                SyncedDraft(
                    chat: chat,
                    content: content,
                    replyTo: try row.optionalID(1),
                    updatedAt: try row.timestamp(2)
                )
            )
        }
    }

    package func put(
        _ content: String,
        replyingTo replyTo: SequenceNumber?,
        in chat: ChatID,
        of user: UserID
    ) async throws -> DraftOutcome {
        let query: PostgresQuery = """
            SELECT status, updated_at
            FROM duologue_put_draft(\(user.rawValue), \(chat.rawValue), \(content), \(replyTo?.rawValue))
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("put_draft")).first else {
                throw PostgresError(.decoding, "a function without an answer")
            }
            switch try row.decode(0, as: String.self) {
            case "done":
                let updatedAt = try row.timestamp(1)
                return .draft(SyncedDraft(chat: chat, content: content, replyTo: replyTo, updatedAt: updatedAt))
            case "chat_not_found": return .stranger
            default: return .missing
            }
        }
    }

    package func remove(in chat: ChatID, of user: UserID) async throws -> DraftOutcome {
        let query: PostgresQuery = """
            WITH removed AS (
                DELETE FROM drafts WHERE chat_id = \(chat.rawValue) AND user_id = \(user.rawValue)
            )
            SELECT FROM participants WHERE chat_id = \(chat.rawValue) AND user_id = \(user.rawValue)
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("remove_draft")).isEmpty ? .stranger : .none
        }
    }
}

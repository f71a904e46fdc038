package import Domain
package import Postgres

/// Operations as the event log has them, found by the index that keeps each from being done twice.
///
/// Loop-bound, like its client.
package final class PostgresOperationIndex: OperationIndex {
    private let client: PostgresClient

    /// Reads through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func areCommitted(
        _ operations: [(chat: ChatID, id: OperationID)],
        by user: UserID
    ) async throws -> Bool {
        let query: PostgresQuery = """
            SELECT count(*)
            FROM unnest(\(operations.map(\.chat.rawValue)), \(operations.map { PostgresUUID($0.id) })) AS o(chat, op)
            JOIN chat_events e ON e.chat_id = o.chat AND e.actor_id = \(user.rawValue) AND e.op_id = o.op
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("operations_committed"))
            guard let row = rows.first else { throw PostgresError(.decoding, "a count has no row") }
            return try row.decode(0, as: Int64.self) == Int64(operations.count)
        }
    }
}

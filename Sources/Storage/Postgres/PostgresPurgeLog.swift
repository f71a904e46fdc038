package import Domain
package import Postgres

/// Which deleted messages are to lose their content, in Postgres.
///
/// Loop-bound, like its client.
package final class PostgresPurgeLog: PurgeLog {
    private let client: PostgresClient

    /// Decides through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func takePurges(olderThan age: Duration, limit: Int) async throws -> [PurgeTarget] {
        let query: PostgresQuery = """
            SELECT chat_id, seq, rev
            FROM duologue_take_purges(\(Int32(clamping: limit)), make_interval(secs => \(age / .seconds(1))))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("take_purges")).map { row throws(PostgresError) in
                PurgeTarget(
                    message: MessageID(chat: try row.id(0), sequence: try row.id(1)),
                    revision: try row.id(2)
                )
            }
        }
    }

    package func finishPurges(_ targets: [PurgeTarget]) async throws {
        let query: PostgresQuery = """
            SELECT duologue_finish_purges(
                \(targets.map(\.message.chat.rawValue)), \(targets.map(\.message.sequence.rawValue)))
            """
        try await postgres { () throws(PostgresError) in
            _ = try await client.execute(query.named("finish_purges"))
        }
    }
}

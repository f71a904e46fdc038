internal import IOCore

/// A connection that one caller has for itself, inside `withSession` or `transaction`.
///
/// Loop-bound.
///
/// Statements run in the order they are given. Settings survive the session unless made with `SET LOCAL`.
package final class PostgresSession {
    let connection: PostgresConnection
    private let client: PostgresClient

    init(_ connection: PostgresConnection, client: PostgresClient) {
        self.connection = connection
        self.client = client
    }

    /// Runs a statement.
    ///
    /// Throws what ``PostgresClient/execute(_:deadline:)`` does; after a timeout or a loss the session is over.
    @discardableResult
    package func execute(
        _ query: PostgresQuery,
        deadline: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRow] {
        try await result(of: query, deadline: deadline).rows
    }

    /// Runs a text of several statements without parameters, such as a migration: all of them or none, unless it has
    /// transaction commands of its own.
    ///
    /// The text goes to the server as it is, so it must come from our own files.
    package func run(script: String, deadline: Duration? = nil) async throws(PostgresError) {
        let query = PostgresQuery(script: script)
        guard !script.utf8.contains(0) else { throw PostgresError(.encoding, "a script holds NUL") }
        _ = try await client.result(of: query, policy: .script, deadline: deadline) { connection.submit($0) }
    }

    func result(of query: PostgresQuery, deadline: Duration?) async throws(PostgresError) -> LibpqResult {
        try await client.result(of: query, policy: .session, deadline: deadline) { connection.submit($0) }
    }
}

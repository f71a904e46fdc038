package import Domain
package import Postgres

/// What operators do to accounts, in Postgres.
///
/// Loop-bound, like its client.
package final class PostgresAccountAdministration: AccountAdministration {
    private let client: PostgresClient

    /// Writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func setRole(of user: UserID, to role: UserRole) async throws -> Bool {
        let query: PostgresQuery = "UPDATE users SET role = \(role.rawValue) WHERE id = \(user.rawValue) RETURNING id"
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("set_role")).count == 1
        }
    }

    package func disable(_ user: UserID) async throws -> Int? {
        try await ended("SELECT cardinality(duologue_disable_user(\(user.rawValue)))", name: "disable_user")
    }

    package func resetPassword(of user: UserID, to hash: String) async throws -> Int? {
        try await ended(
            "SELECT cardinality(duologue_change_password(\(user.rawValue), NULL, \(hash), NULL))",
            name: "reset_password"
        )
    }

    private func ended(_ query: PostgresQuery, name: String) async throws -> Int? {
        try await postgres { () throws(PostgresError) in
            try await client.execute(query.named(name)).first?.decode(0, as: Int?.self) ?? nil
        }
    }
}

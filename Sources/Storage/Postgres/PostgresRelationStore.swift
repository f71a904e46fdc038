package import Domain
package import Postgres

/// Contacts and blocks in Postgres.
///
/// Loop-bound, like its client.
package final class PostgresRelationStore: RelationStore {
    private let client: PostgresClient

    /// Reads and writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    // MARK: Contacts

    package func contacts(of user: UserID, limit: Int, cursor: String?) async throws -> Page<User> {
        let after = try Self.place(cursor)
        return try await page(
            """
            SELECT u.id, u.username, u.full_name, u.avatar_url, u.status_text, u.created_at,
                   duologue_last_seen(r.user_id, u.id, u.last_seen), u.email, u.role, r.added_at
            FROM contacts r JOIN users u ON u.id = r.contact_id
            WHERE r.user_id = \(user.rawValue) AND (r.added_at, r.contact_id) < (\(after.time), \(after.user))
            ORDER BY r.added_at DESC, r.contact_id DESC LIMIT \(limit + 1)
            """,
            name: "contacts",
            limit: limit
        )
    }

    package func addContact(_ other: UserID, of user: UserID) async throws {
        let query: PostgresQuery = """
            SELECT duologue_add_contact(\(user.rawValue), \(other.rawValue), \(Int64(RelationLimits.contacts)))
            """
        let status = try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("add_contact")).first else {
                throw PostgresError(.decoding, "a contact gave no row")
            }
            return try row.decode(0, as: String.self)
        }
        switch status {
        case "done": return
        case "limit_exceeded": throw Self.tooMany
        default: throw Self.nobody
        }
    }

    package func removeContact(_ other: UserID, of user: UserID) async throws {
        let query: PostgresQuery = """
            DELETE FROM contacts WHERE user_id = \(user.rawValue) AND contact_id = \(other.rawValue)
            """
        try await postgres { () throws(PostgresError) in _ = try await client.execute(query.named("remove_contact")) }
    }

    // MARK: Blocks

    package func blocks(of user: UserID, limit: Int, cursor: String?) async throws -> Page<User> {
        let after = try Self.place(cursor)
        return try await page(
            """
            SELECT u.id, u.username, u.full_name, u.avatar_url, u.status_text, u.created_at, NULL::timestamptz, u.email, u.role,
                   r.added_at
            FROM blocks r JOIN users u ON u.id = r.blocked_id
            WHERE r.user_id = \(user.rawValue) AND (r.added_at, r.blocked_id) < (\(after.time), \(after.user))
            ORDER BY r.added_at DESC, r.blocked_id DESC LIMIT \(limit + 1)
            """,
            name: "blocks",
            limit: limit
        )
    }

    package func block(_ other: UserID, by user: UserID) async throws -> Bool {
        let query: PostgresQuery = """
            SELECT status, shares
            FROM duologue_block(\(user.rawValue), \(other.rawValue), \(Int64(RelationLimits.blocks)))
            """
        let (status, shares) = try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("block")).first else {
                throw PostgresError(.decoding, "a block gave no row")
            }
            return (try row.decode(0, as: String.self), try row.decode(1, as: Bool.self))
        }
        switch status {
        case "done", "unchanged": return status == "done" && shares
        case "limit_exceeded": throw Self.tooMany
        default: throw Self.nobody
        }
    }

    package func unblock(_ other: UserID, by user: UserID) async throws -> Bool {
        let query: PostgresQuery = "SELECT had_blocked FROM duologue_unblock(\(user.rawValue), \(other.rawValue))"
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("unblock")).first else {
                throw PostgresError(.decoding, "the end of a block gave no row")
            }
            return try row.decode(0, as: Bool.self)
        }
    }

    // MARK: Lists

    private func page(_ query: PostgresQuery, name: String, limit: Int) async throws -> Page<User> {
        try await postgres { () throws(PostgresError) in
            try PageCursor.page(await client.query(query.named(name)), limit: limit) { row throws(PostgresError) in
                try PostgresAccountStore.user(row)
            } _: { row throws(PostgresError) in
                PageCursor(
                    first: try row.decode(9, as: PostgresTimestamp.self).microseconds,
                    second: try row.decode(0)
                )
            }
        }
    }

    /// Before the item that a cursor names; without one, before everything.
    private static func place(_ cursor: String?) throws(Failure) -> (time: PostgresTimestamp, user: Int64) {
        guard let cursor else { return (PostgresTimestamp(microseconds: 1 << 53), 0) }
        let place = try PageCursor(parsing: cursor)
        return (PostgresTimestamp(microseconds: place.first), place.second)
    }

    private static let nobody = Failure(.userNotFound, "There is no such user.")
    private static let tooMany = Failure(.limitExceeded, "The list is full.")
}

package import Domain
package import Postgres

/// Accounts and sessions in Postgres.
///
/// Loop-bound, like its client.
package final class PostgresAccountStore: AccountStore {
    let client: PostgresClient

    /// Reads and writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    // MARK: Users

    package func register(
        username: String,
        email: String,
        passwordHash: String,
        fullName: String?
    ) async throws -> User {
        let query: PostgresQuery = """
            INSERT INTO users (username, email, password_hash, full_name)
            VALUES (\(username), \(email), \(passwordHash), \(fullName))
            RETURNING id, username, full_name, avatar_url, status_text, created_at, last_seen, email, role
            """
        do throws(PostgresError) {
            guard let row = try await client.execute(query.named("register")).first else {
                throw PostgresError(.decoding, "a registration gave no row")
            }
            return try Self.user(row)
        } catch {
            if case .constraint(let name, "23505") = error.code {
                if name == "users_username_unique" {
                    throw Failure(.usernameTaken, "Somebody has this username already.")
                }
                if name == "users_email_unique" { throw Failure(.emailTaken, "There is an account of this address.") }
            }
            throw StoreError(error)
        }
    }

    package func credentials(username: String) async throws -> Credentials? {
        try await credentials(
            """
            SELECT id, username, full_name, avatar_url, status_text, created_at, last_seen, email, role,
                   coalesce(password_hash, ''), disabled_at IS NOT NULL
            FROM users WHERE username_key = lower(\(username) COLLATE "C")
            """
        )
    }

    package func credentials(email: String) async throws -> Credentials? {
        try await credentials(
            """
            SELECT id, username, full_name, avatar_url, status_text, created_at, last_seen, email, role,
                   coalesce(password_hash, ''), disabled_at IS NOT NULL
            FROM users WHERE email_key = lower(\(email) COLLATE "C")
            """
        )
    }

    private func credentials(_ query: PostgresQuery) async throws -> Credentials? {
        try await postgres { () throws(PostgresError) in
            guard let row = try await client.query(query.named("credentials")).first else { return nil }
            return Credentials(
                user: try Self.user(row),
                passwordHash: try row.decode(9),
                isDisabled: try row.decode(10)
            )
        }
    }

    package func user(_ id: UserID) async throws -> User? {
        let query: PostgresQuery = """
            SELECT id, username, full_name, avatar_url, status_text, created_at, last_seen, email, role
            FROM users WHERE id = \(id.rawValue)
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.query(query.named("user")).first else { return nil }
            return try Self.user(row)
        }
    }

    /// A user of these columns, in this order.
    static func user(_ row: PostgresRow) throws(PostgresError) -> User {
        User(
            id: try row.id(0),
            username: try row.decode(1),
            fullName: try row.decode(2),
            avatarURL: try row.decode(3),
            statusText: try row.decode(4),
            createdAt: try row.timestamp(5),
            lastSeen: try row.optionalTimestamp(6),
            email: try row.decode(7),
            role: try row.word(8)
        )
    }

    package func existing(_ ids: [UserID]) async throws -> Set<UserID> {
        let query: PostgresQuery = """
            SELECT id FROM users WHERE id = ANY (\(ids.map(\.rawValue))) AND disabled_at IS NULL
            """
        return try await postgres { () throws(PostgresError) in
            var found: Set<UserID> = []
            for row in try await client.query(query.named("existing_users")) { found.insert(try row.id(0)) }
            return found
        }
    }

    package func noteSeen(_ times: [(user: UserID, at: Timestamp)]) async throws {
        let query: PostgresQuery = """
            SELECT FROM duologue_note_seen(\(times.map(\.user.rawValue)), \(times.map(\.at.milliseconds)))
            """
        try await postgres { () throws(PostgresError) in _ = try await client.execute(query.named("note_seen")) }
    }

    // MARK: Sessions

    package func holder(refreshHash: [UInt8]) async throws -> UserID? {
        let query: PostgresQuery = "SELECT user_id FROM sessions WHERE refresh_hash = \(refreshHash)"
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("session_holder")).first.map { row throws(PostgresError) in try row.id(0)
            }
        }
    }

    package func rotate(
        refreshHash: [UInt8],
        to next: [UInt8],
        expiresAt: Timestamp
    ) async throws -> RotationResult {
        let query: PostgresQuery = """
            SELECT status, session_id, user_id, device, address, expires_at
            FROM duologue_rotate_session(\(refreshHash), \(next), \(PostgresTimestamp(expiresAt)))
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.execute(query.named("rotate_session"))
            guard let row = rows.first else { return .invalid }
            switch try row.decode(0, as: String.self) {
            case "rotated":
                let session = Session(
                    id: SessionID(try row.decode(1)),
                    user: try row.id(2),
                    device: try row.decode(3),
                    address: try row.decode(4),
                    expiresAt: try row.timestamp(5)
                )
                return .rotated(session)
            case "reused": return .reused(SessionID(try row.decode(1)))
            default: return .invalid
            }
        }
    }

    package func revoke(_ session: SessionID, of user: UserID) async throws -> Bool {
        let query: PostgresQuery = """
            UPDATE sessions SET revoked_at = now()
            WHERE id = \(PostgresUUID(session)) AND user_id = \(user.rawValue) AND revoked_at IS NULL
            RETURNING id
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("revoke_session")).count == 1
        }
    }

    package func isActive(_ session: SessionID) async throws -> Bool {
        let query: PostgresQuery = """
            SELECT FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.id = \(PostgresUUID(session)) AND s.revoked_at IS NULL AND s.expires_at > now()
              AND u.disabled_at IS NULL
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("session_active")).count == 1
        }
    }
}

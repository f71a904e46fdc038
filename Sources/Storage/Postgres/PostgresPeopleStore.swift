package import Domain
internal import Hashing
package import Postgres

/// Profiles and settings in Postgres.
///
/// Loop-bound, like its client.
package final class PostgresPeopleStore: PeopleStore {
    private let client: PostgresClient
    private let searching: PostgresClient

    /// Reads and writes through `client`, and looks for people through `searching`, so that nobody else waits for a long search.
    package init(client: PostgresClient, searching: PostgresClient) {
        self.client = client
        self.searching = searching
    }

    // MARK: Profiles

    package func user(_ id: UserID, for viewer: UserID) async throws -> User? {
        let query: PostgresQuery = """
            SELECT id, username, full_name, avatar_url, status_text, created_at,
                   duologue_last_seen(\(viewer.rawValue), id, last_seen), email, role
            FROM users WHERE id = \(id.rawValue)
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.query(query.named("user_seen")).first else { return nil }
            return try PostgresAccountStore.user(row)
        }
    }

    package func change(_ change: ProfileChange, of user: UserID) async throws -> User? {
        let query: PostgresQuery = """
            UPDATE users SET
                full_name = CASE WHEN \(change.fullName != nil) THEN \(change.fullName?.text) ELSE full_name END,
                avatar_url = CASE WHEN \(change.avatarURL != nil) THEN \(change.avatarURL?.text) ELSE avatar_url END,
                status_text = CASE WHEN \(change.statusText != nil) THEN \(change.statusText?.text) ELSE status_text END
            WHERE id = \(user.rawValue)
            RETURNING id, username, full_name, avatar_url, status_text, created_at, last_seen, email, role
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("change_profile")).first else { return nil }
            return try PostgresAccountStore.user(row)
        }
    }

    // MARK: Search

    package func search(_ query: String, for viewer: UserID, limit: Int, cursor: String?) async throws -> Page<User> {
        let place = try cursor.map(SearchPlace.init(parsing:)) ?? SearchPlace(word: "", user: 0)
        return try await search(query, for: viewer, limit: limit, after: place, skipping: 0)
    }

    package func search(
        _ query: String,
        for viewer: UserID,
        limit: Int,
        skipping skipped: Int
    ) async throws -> Page<User> {
        try await search(query, for: viewer, limit: limit, after: SearchPlace(word: "", user: 0), skipping: skipped)
    }

    private func search(
        _ text: String,
        for viewer: UserID,
        limit: Int,
        after place: SearchPlace,
        skipping skipped: Int
    ) async throws -> Page<User> {
        let query: PostgresQuery = """
            SELECT u.id, u.username, u.full_name, u.avatar_url, u.status_text, u.created_at,
                   duologue_last_seen(\(viewer.rawValue), u.id, u.last_seen), u.email, u.role, f.word
            FROM duologue_search_users(\(viewer.rawValue), duologue_search_words(\(text)), \(place.word), \(place.user),
                                       \(Int64(skipped)), \(Int64(limit) + 1)) WITH ORDINALITY AS f(user_id, word, n)
            JOIN users u ON u.id = f.user_id
            ORDER BY f.n
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await searching.query(query.named("search_users"))
            var items: [User] = []
            for row in rows.prefix(limit) { items.append(try PostgresAccountStore.user(row)) }
            guard rows.count > limit, let last = items.last else { return Page(items: items, next: nil) }
            let next = SearchPlace(word: try rows[limit - 1].decode(9), user: last.id.rawValue)
            return Page(items: items, next: next.text)
        }
    }

    package func count(_ query: String, for viewer: UserID) async throws -> Int {
        let query: PostgresQuery = """
            SELECT duologue_count_users(
                \(viewer.rawValue), duologue_search_words(\(query)), \(Int64(SearchLimits.people)))
            """
        return try await postgres { () throws(PostgresError) in
            try await searching.query(query.named("count_users")).first?.decode(0) ?? 0
        }
    }

    // MARK: Settings

    package func settings(of user: UserID) async throws -> UserSettings {
        let query: PostgresQuery = """
            SELECT notifications, last_seen, read_receipts FROM user_settings WHERE user_id = \(user.rawValue)
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("settings")).first.map(Self.settings) ?? UserSettings()
        }
    }

    package func change(_ change: SettingsChange, of user: UserID) async throws -> UserSettings {
        let query: PostgresQuery = """
            INSERT INTO user_settings AS s (user_id, notifications, last_seen, read_receipts)
            VALUES (\(user.rawValue), coalesce(\(change.notifications?.rawValue), 'all'),
                    coalesce(\(change.lastSeen?.rawValue), 'everyone'), coalesce(\(change.readReceipts), true))
            ON CONFLICT (user_id) DO UPDATE SET
                notifications = coalesce(\(change.notifications?.rawValue), s.notifications),
                last_seen = coalesce(\(change.lastSeen?.rawValue), s.last_seen),
                read_receipts = coalesce(\(change.readReceipts), s.read_receipts)
            RETURNING notifications, last_seen, read_receipts
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("change_settings")).first else {
                throw PostgresError(.decoding, "settings gave no row")
            }
            return try Self.settings(row)
        }
    }

    private static func settings(_ row: PostgresRow) throws(PostgresError) -> UserSettings {
        UserSettings(notifications: try row.word(0), lastSeen: try row.word(1), readReceipts: try row.decode(2))
    }
}

/// The place in a search after its last person shown: the word that was found, and whose.
private struct SearchPlace {
    let word: String
    let user: Int64

    init(word: String, user: Int64) {
        self.word = word
        self.user = user
    }

    /// Reads what `text` wrote.
    ///
    /// Throws `invalid_value` for anything else.
    init(parsing text: String) throws(Failure) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 400, parts.count == 2, let user = Int64(parts[1]), user > 0,
            let bytes = Base64URL.decode(String(parts[0])), !bytes.contains(0),
            let word = String(validating: bytes, as: UTF8.self)
        else { throw Failure(.invalidValue, "The cursor is not one of this list.") }
        self.init(word: word, user: user)
    }

    var text: String { "\(Base64URL.encode(Array(word.utf8))).\(user)" }
}

extension FieldChange {
    /// What a field is to hold.
    fileprivate var text: String? {
        switch self {
        case .set(let text): text
        case .clear: nil
        }
    }
}

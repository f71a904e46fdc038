package import Domain
private import Foundation

/// The twin of profiles and settings.
package final class MemoryPeopleStore: PeopleStore {
    private let database: MemoryDatabase

    /// People of this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func user(_ id: UserID, for viewer: UserID) async throws -> User? {
        try database.check()
        return database.seen(id, by: viewer)
    }

    package func change(_ change: ProfileChange, of user: UserID) async throws -> User? {
        try database.check()
        guard var profile = database.users[user]?.user else { return nil }
        func apply(_ change: FieldChange?, to field: inout String?) {
            switch change {
            case .set(let text): field = text
            case .clear: field = nil
            case nil: break
            }
        }
        apply(change.fullName, to: &profile.fullName)
        apply(change.avatarURL, to: &profile.avatarURL)
        apply(change.statusText, to: &profile.statusText)
        database.users[user]?.user = profile
        return profile
    }

    package func search(_ query: String, for viewer: UserID, limit: Int, cursor: String?) async throws -> Page<User> {
        guard let cursor else { return try await search(query, for: viewer, limit: limit, skipping: 0) }
        guard let skipped = Int(cursor), skipped > 0 else {
            throw Failure(.invalidValue, "cursor: must be the next of an earlier answer")
        }
        return try await search(query, for: viewer, limit: limit, skipping: skipped)
    }

    package func search(
        _ query: String,
        for viewer: UserID,
        limit: Int,
        skipping skipped: Int
    ) async throws -> Page<User> {
        try database.check()
        let found = find(query, for: viewer)
        let items = found.dropFirst(skipped).prefix(limit).compactMap { database.seen($0, by: viewer) }
        return Page(items: items, next: found.count > skipped + limit ? "\(skipped + limit)" : nil)
    }

    package func count(_ query: String, for viewer: UserID) async throws -> Int {
        try database.check()
        return min(find(query, for: viewer).count, SearchLimits.people)
    }

    package func settings(of user: UserID) async throws -> UserSettings {
        try database.check()
        return database.settings[user] ?? UserSettings()
    }

    package func change(_ change: SettingsChange, of user: UserID) async throws -> UserSettings {
        try database.check()
        var settings = database.settings[user] ?? UserSettings()
        settings.notifications = change.notifications ?? settings.notifications
        settings.lastSeen = change.lastSeen ?? settings.lastSeen
        settings.readReceipts = change.readReceipts ?? settings.readReceipts
        database.settings[user] = settings
        return settings
    }

    /// Those found, in the order of the first word that the longest one of the query begins.
    private func find(_ query: String, for viewer: UserID) -> [UserID] {
        let wanted = Set(Self.fold(query).split(separator: " ").map(String.init))
            .sorted { ($1.count, $0) < ($0.count, $1) }
        var found: [(word: String, user: UserID)] = []
        for (id, credentials) in database.users where database.isPresent(id) && !database.isBlocked(viewer, id) {
            let words = Self.words(of: credentials.user)
            guard wanted.dropFirst().allSatisfy({ word in words.contains { $0.hasPrefix(word) } }),
                let word = words.filter({ $0.hasPrefix(wanted.first ?? "") }).min()
            else { continue }
            found.append((word, id))
        }
        return found.sorted { ($0.word, $0.user) < ($1.word, $1.user) }.map(\.user)
    }

    private static func words(of user: User) -> Set<String> {
        let name = fold(user.fullName ?? "")
        let parts = name.split { " .,;:'’\"()/_-[]".contains($0) } + name.split(separator: " ")
        return Set(parts.map(String.init) + [fold(user.username)])
    }

    private static func fold(_ text: String) -> String {
        text.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
            .replacingOccurrences(of: "ß", with: "ss").replacingOccurrences(of: "ø", with: "o")
    }
}

extension MemoryDatabase {
    /// A user as somebody sees them.
    func seen(_ id: UserID, by viewer: UserID) -> User? {
        guard var user = users[id]?.user else { return nil }
        let isShown =
            switch settings[id]?.lastSeen ?? .everyone {
            case .everyone: true
            case .contacts: contacts[id]?.contains(viewer) == true
            case .nobody: false
            }
        if id != viewer, !isShown || isBlocked(id, viewer) { user.lastSeen = nil }
        return user
    }
}

package import Domain

/// The twin of contacts and blocks.
package final class MemoryRelationStore: RelationStore {
    private let database: MemoryDatabase

    /// Relations of this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func contacts(of user: UserID, limit: Int, cursor: String?) async throws -> Page<User> {
        try database.check()
        return try page(database.contacts[user] ?? [], of: user, limit: limit, cursor: cursor)
    }

    package func addContact(_ other: UserID, of user: UserID) async throws {
        try database.check()
        try check(other)
        guard database.contacts[user]?.contains(other) != true else { return }
        guard database.contacts[user]?.count ?? 0 < RelationLimits.contacts else { throw Self.tooMany }
        database.contacts[user, default: []].append(other)
    }

    package func removeContact(_ other: UserID, of user: UserID) async throws {
        try database.check()
        database.contacts[user]?.removeAll { $0 == other }
    }

    package func blocks(of user: UserID, limit: Int, cursor: String?) async throws -> Page<User> {
        try database.check()
        return try page(database.blocks[user] ?? [], of: user, limit: limit, cursor: cursor)
    }

    package func block(_ other: UserID, by user: UserID) async throws -> Bool {
        try database.check()
        try check(other)
        let shares = database.chats.values.contains { $0.member(user) != nil && $0.member(other) != nil }
        guard database.blocks[user]?.contains(other) != true else { return false }
        guard database.blocks[user]?.count ?? 0 < RelationLimits.blocks else { throw Self.tooMany }
        database.blocks[user, default: []].append(other)
        return shares && database.blocks[other]?.contains(user) != true
    }

    package func unblock(_ other: UserID, by user: UserID) async throws -> Bool {
        try database.check()
        guard let index = database.blocks[user]?.firstIndex(of: other) else { return false }
        database.blocks[user]?.remove(at: index)
        return true
    }

    private func check(_ other: UserID) throws {
        guard database.users[other] != nil else { throw Failure(.userNotFound, "There is no such user.") }
    }

    private func page(_ added: [UserID], of user: UserID, limit: Int, cursor: String?) throws -> Page<User> {
        let skipped = try cursor.map(Self.place) ?? 0
        let items = added.reversed().dropFirst(skipped).prefix(limit).compactMap { database.seen($0, by: user) }
        return Page(items: items, next: added.count > skipped + limit ? "\(skipped + limit)" : nil)
    }

    private static func place(_ cursor: String) throws -> Int {
        guard let place = Int(cursor), place > 0 else {
            throw Failure(.invalidValue, "cursor: must be the next of an earlier answer")
        }
        return place
    }

    private static let tooMany = Failure(.limitExceeded, "The list is full.")
}

package import Domain

/// The twin of what operators do to accounts.
package final class MemoryAccountAdministration: AccountAdministration {
    private let database: MemoryDatabase

    /// Accounts of this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func setRole(of user: UserID, to role: UserRole) async throws -> Bool {
        try database.check()
        database.users[user]?.user.role = role
        return database.users[user] != nil
    }

    package func disable(_ user: UserID) async throws -> Int? {
        try database.check()
        guard database.users[user] != nil else { return nil }
        database.users[user]?.isDisabled = true
        return database.endSessions(of: user, but: nil).count
    }

    package func resetPassword(of user: UserID, to hash: String) async throws -> Int? {
        try database.check()
        guard database.users[user] != nil else { return nil }
        database.users[user]?.passwordHash = hash
        return database.endSessions(of: user, but: nil).count
    }
}

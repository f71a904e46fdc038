package import Domain

/// The twin of the account store.
package final class MemoryAccountStore: AccountStore {
    let database: MemoryDatabase

    /// A store on this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func register(
        username: String,
        email: String,
        passwordHash: String,
        fullName: String?
    ) async throws -> User {
        try database.check()
        guard find(username: username) == nil else {
            throw Failure(.usernameTaken, "The username is taken.")
        }
        guard find(email: email) == nil else { throw Failure(.emailTaken, "The email address is taken.") }
        let user = User(
            id: database.nextUser(),
            username: username,
            fullName: fullName,
            createdAt: database.now,
            email: email
        )
        database.users[user.id] = Credentials(user: user, passwordHash: passwordHash, isDisabled: false)
        return user
    }

    package func credentials(username: String) async throws -> Credentials? {
        try database.check()
        return find(username: username)
    }

    package func credentials(email: String) async throws -> Credentials? {
        try database.check()
        return find(email: email)
    }

    package func user(_ id: UserID) async throws -> User? {
        try database.check()
        return database.users[id]?.user
    }

    package func existing(_ ids: [UserID]) async throws -> Set<UserID> {
        try database.check()
        return Set(ids.filter(database.isPresent))
    }

    package func noteSeen(_ times: [(user: UserID, at: Timestamp)]) async throws {
        try database.check()
        for (user, time) in times where database.users[user]?.user.lastSeen ?? time <= time {
            database.users[user]?.user.lastSeen = time
        }
    }

    package func holder(refreshHash: [UInt8]) async throws -> UserID? {
        try database.check()
        return database.sessions.values.first { $0.refreshHash == refreshHash }?.session.user
    }

    package func rotate(refreshHash: [UInt8], to next: [UInt8], expiresAt: Timestamp) async throws -> RotationResult {
        try database.check()
        if let id = database.usedTokens[refreshHash] {
            database.revoke(id)
            return .reused(id)
        }
        guard var row = database.sessions.values.first(where: { $0.refreshHash == refreshHash }), isOpen(row) else {
            return .invalid
        }
        row.refreshHash = next
        row.session.expiresAt = expiresAt
        row.lastUsedAt = database.now
        database.sessions[row.session.id] = row
        database.usedTokens[refreshHash] = row.session.id
        return .rotated(row.session)
    }

    package func revoke(_ session: SessionID, of user: UserID) async throws -> Bool {
        try database.check()
        guard let row = database.sessions[session], row.session.user == user, !row.isRevoked else { return false }
        database.revoke(session)
        return true
    }

    package func isActive(_ session: SessionID) async throws -> Bool {
        try database.check()
        return database.sessions[session].map(isOpen) ?? false
    }

    func isOpen(_ row: MemoryDatabase.SessionRow) -> Bool {
        !row.isRevoked && row.session.expiresAt > database.now && database.isPresent(row.session.user)
    }

    private func find(username: String) -> Credentials? {
        database.users.values.first { $0.user.username.lowercased() == username.lowercased() }
    }

    private func find(email: String) -> Credentials? {
        database.users.values.first { $0.user.email.lowercased() == email.lowercased() }
    }
}

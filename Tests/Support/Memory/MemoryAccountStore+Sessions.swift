package import Domain

/// Passwords, and the sessions that hang on them.
extension MemoryAccountStore {
    package func replacePasswordHash(of user: UserID, from old: String, to new: String) async throws -> Bool {
        try database.check()
        guard database.users[user]?.passwordHash == old else { return false }
        database.users[user]?.passwordHash = new
        return true
    }

    package func changePassword(
        of user: UserID,
        from old: String,
        to new: String,
        keeping session: SessionID
    ) async throws -> [SessionID]? {
        try database.check()
        guard database.users[user]?.passwordHash == old else { return nil }
        database.users[user]?.passwordHash = new
        return database.endSessions(of: user, but: session)
    }

    package func open(_ session: Session, refreshHash: [UInt8], passwordHash: String?) async throws -> Bool {
        try database.check()
        guard let known = database.users[session.user], !known.isDisabled,
            passwordHash == nil || passwordHash == known.passwordHash
        else { return false }
        database.sessions[session.id] = MemoryDatabase.SessionRow(
            session: session,
            refreshHash: refreshHash,
            createdAt: database.now,
            lastUsedAt: database.now,
            number: (database.sessions.values.map(\.number).max() ?? -1) + 1
        )
        let others = database.sessions.values.filter {
            $0.session.user == session.user && $0.session.id != session.id && !$0.isRevoked
        }
        let used = others.sorted { ($0.lastUsedAt, $0.number) > ($1.lastUsedAt, $1.number) }
        for row in used.dropFirst(Session.limit - 1).suffix(Session.limit) { database.revoke(row.session.id) }
        return true
    }

    package func sessions(of user: UserID, limit: Int, cursor: String?) async throws -> Page<SessionRecord> {
        try database.check()
        var rows = database.sessions.values.filter { $0.session.user == user && isOpen($0) }
            .sorted { $0.number > $1.number }
        if let cursor {
            guard let id = SessionID(cursor) else {
                throw Failure(.invalidValue, "The cursor is not one of this list.")
            }
            let last = database.sessions[id].flatMap { $0.session.user == user ? $0.number : nil } ?? 0
            rows.removeAll { $0.number >= last }
        }
        let items = rows.prefix(limit).map {
            SessionRecord(session: $0.session, createdAt: $0.createdAt, lastUsedAt: $0.lastUsedAt)
        }
        return Page(items: items, next: rows.count > limit ? items.last?.session.id.description : nil)
    }

    package func revoked(within time: Duration) async throws -> [SessionID] {
        try database.check()
        let start = database.now.milliseconds - time.components.seconds * 1_000
        return database.sessions.values.filter { $0.revokedAt.map { $0.milliseconds > start } ?? false }
            .map(\.session.id)
    }

    package func noteUses(_ times: [(session: SessionID, at: Timestamp)]) async throws {
        try database.check()
        for (session, time) in times where database.sessions[session].map({ $0.lastUsedAt < time }) ?? false {
            database.sessions[session]?.lastUsedAt = time
        }
    }

    package func forgetSessions(endedFor age: Duration, limit: Int) async throws -> Int {
        try database.check()
        let due = database.now - Int64(age / .milliseconds(1))
        let old = database.sessions.values
            .filter { min($0.session.expiresAt, $0.revokedAt ?? $0.session.expiresAt) < due }.prefix(limit)
        for row in old {
            database.sessions[row.session.id] = nil
            database.usedTokens = database.usedTokens.filter { $0.value != row.session.id }
        }
        return old.count
    }
}

package import Domain
internal import Postgres

/// Passwords, and the sessions that hang on them.
extension PostgresAccountStore {
    package func replacePasswordHash(of user: UserID, from old: String, to new: String) async throws -> Bool {
        let query: PostgresQuery = """
            UPDATE users SET password_hash = \(new) WHERE id = \(user.rawValue) AND password_hash = \(old) RETURNING id
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("replace_password_hash")).count == 1
        }
    }

    package func changePassword(
        of user: UserID,
        from old: String,
        to new: String,
        keeping session: SessionID
    ) async throws -> [SessionID]? {
        let query: PostgresQuery = """
            SELECT c.ended IS NOT NULL, s.id
            FROM duologue_change_password(\(user.rawValue), \(old), \(new), \(PostgresUUID(session))) AS c(ended)
            LEFT JOIN unnest(c.ended) AS s(id) ON true
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.execute(query.named("change_password"))
            guard let first = rows.first, try first.decode(0, as: Bool.self) else { return nil }
            return try Self.sessionIDs(rows, column: 1)
        }
    }

    package func open(_ session: Session, refreshHash: [UInt8], passwordHash: String?) async throws -> Bool {
        let query: PostgresQuery = """
            SELECT duologue_open_session(
                \(PostgresUUID(session.id)), \(session.user.rawValue), \(refreshHash), \(session.device), \(session.address),
                \(PostgresTimestamp(session.expiresAt)), \(passwordHash))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("open_session")).first?.decode(0) ?? false
        }
    }

    package func sessions(of user: UserID, limit: Int, cursor: String?) async throws -> Page<SessionRecord> {
        var last: PostgresUUID?
        if let cursor {
            guard let id = SessionID(cursor) else {
                throw Failure(.invalidValue, "The cursor is not one of this list.")
            }
            last = PostgresUUID(id)
        }
        // Sessions are kept for a while when they end, so the last one shown is there to go on from.
        let query: PostgresQuery = """
            SELECT s.id, s.device, s.address, s.expires_at, s.created_at, s.last_used_at
            FROM sessions s LEFT JOIN sessions l ON l.id = \(last) AND l.user_id = s.user_id
            WHERE s.user_id = \(user.rawValue) AND s.revoked_at IS NULL AND s.expires_at > now()
              AND (\(last)::uuid IS NULL OR (s.created_at, s.id) < (l.created_at, l.id))
            ORDER BY s.created_at DESC, s.id DESC LIMIT \(limit + 1)
            """
        return try await postgres { () throws(PostgresError) in
            var items: [SessionRecord] = []
            let rows = try await client.query(query.named("sessions"))
            for row in rows.prefix(limit) {
                let session = Session(
                    id: SessionID(try row.decode(0)),
                    user: user,
                    device: try row.decode(1),
                    address: try row.decode(2),
                    expiresAt: try row.timestamp(3)
                )
                items.append(
                    SessionRecord(session: session, createdAt: try row.timestamp(4), lastUsedAt: try row.timestamp(5))
                )
            }
            return Page(items: items, next: rows.count > limit ? items.last?.session.id.description : nil)
        }
    }

    package func revoked(within time: Duration) async throws -> [SessionID] {
        let query: PostgresQuery = """
            SELECT id FROM sessions
            WHERE revoked_at > now() - make_interval(secs => \(time.components.seconds)::bigint)
            """
        return try await postgres { () throws(PostgresError) in
            try Self.sessionIDs(await client.query(query.named("revoked_sessions")), column: 0)
        }
    }

    package func noteUses(_ times: [(session: SessionID, at: Timestamp)]) async throws {
        let sessions = times.map { PostgresUUID($0.session) }
        let query: PostgresQuery = "SELECT FROM duologue_note_uses(\(sessions), \(times.map(\.at.milliseconds)))"
        try await postgres { () throws(PostgresError) in _ = try await client.execute(query.named("note_uses")) }
    }

    package func forgetSessions(endedFor age: Duration, limit: Int) async throws -> Int {
        let query: PostgresQuery = """
            SELECT duologue_forget_sessions(make_interval(secs => \(age / .seconds(1))), \(Int32(clamping: limit)))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("forget_sessions")).first?.decode(0) ?? 0
        }
    }

    static func sessionIDs(_ rows: [PostgresRow], column: Int) throws(PostgresError) -> [SessionID] {
        var ids: [SessionID] = []
        for row in rows { if let id = try row.decode(column, as: PostgresUUID?.self) { ids.append(SessionID(id)) } }
        return ids
    }
}

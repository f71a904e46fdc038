internal import IOCore

/// Connections lent to one caller at a time, and transactions of several statements.
extension PostgresClient {
    /// Lends a connection to `body` alone.
    ///
    /// It is closed, not reused, if `body` throws or leaves a transaction open.
    ///
    /// Throws `.unavailable` if none became free within the deadline, `.overloaded` if too many wait, and what `body` throws.
    @discardableResult
    package func withSession<Value>(
        deadline: Duration? = nil,
        _ body: (PostgresSession) async throws -> Value
    ) async throws -> Value {
        loop.assertCurrent()
        let connection = try await lease(deadline ?? configuration.deadline)
        do {
            let value = try await body(PostgresSession(connection, client: self))
            giveBack(connection)
            return value
        } catch {
            if !(error is RolledBack) { connection.close(PostgresError(.unavailable, "the session failed")) }
            giveBack(connection)
            throw (error as? RolledBack)?.cause ?? error
        }
    }

    /// Runs `body` between BEGIN and COMMIT; rolls back if it throws.
    ///
    /// Throws what `body` throws, and what COMMIT is refused with. The outcome is unknown only if COMMIT was sent and not
    /// answered.
    @discardableResult
    package func transaction<Value>(
        deadline: Duration? = nil,
        _ body: (PostgresSession) async throws -> Value
    ) async throws -> Value {
        try await withSession(deadline: deadline) { session in
            try await session.execute("BEGIN", deadline: deadline)
            let value: Value
            do {
                value = try await body(session)
            } catch {
                let cause = (error as? PostgresError)?.withUnknownOutcome(false) ?? error
                guard (try? await session.execute("ROLLBACK", deadline: deadline)) != nil else { throw cause }
                throw RolledBack(cause: cause)
            }
            let commit = try await session.result(of: "COMMIT", deadline: deadline)
            // COMMIT of a transaction in which a statement failed succeeds, and rolls back.
            guard commit.commandTag == "COMMIT" else {
                throw RolledBack(cause: PostgresError(.server(sqlstate: "25P02"), "the transaction was rolled back"))
            }
            return value
        }
    }

    private struct RolledBack: Error {
        let cause: any Error
    }

    private func lease(_ deadline: Duration) async throws(PostgresError) -> PostgresConnection {
        do throws(IOError) {
            return try await pool.lease(deadline: deadline)
        } catch {
            switch error.code {
            case .overloaded: throw PostgresError(.overloaded, error.message)
            case .shutdown: throw PostgresError(.shutdown, error.message)
            default: throw PostgresError(.unavailable, error.message)
            }
        }
    }

    private func giveBack(_ connection: PostgresConnection) {
        if isShuttingDown {
            connection.drain()
        } else if connection.isClean {
            pool.offer(connection)
        } else {
            connection.close(PostgresError(.unavailable, "the session left a transaction open"))
        }
    }
}

package import IOCore
package import Postgres

/// Brings a Postgres database to this version's schema, from the files of a directory.
///
/// Loop-bound, like its client.
///
/// Running it again does nothing, and two nodes may run it at once: the second waits for the first.
package final class Migrator {
    /// What a run did.
    package struct Report: Sendable, Equatable {
        /// The migrations it applied, in their order.
        package var migrations: [String] = []
        /// Whether it installed the functions.
        package var installedFunctions = false
    }

    private let client: PostgresClient
    private let directory: String
    private let loop: EventLoop
    private let lockDeadline: Duration

    /// Distinguishes this lock from others in the same database.
    private static let lockKey: Int64 = 0x6475_6F6C_6F67_7565
    /// Building an index on a large table takes its time.
    private static let scriptDeadline: Duration = .seconds(3600)

    /// A migrator of the database of `client`, which has a session to spare.
    ///
    /// The directory holds `NNNN_name.sql` and `functions/*.sql`.
    package init(
        client: PostgresClient,
        directory: String,
        loop: EventLoop,
        lockDeadline: Duration = .seconds(60)
    ) {
        self.client = client
        self.directory = directory
        self.loop = loop
        self.lockDeadline = lockDeadline
    }

    /// Applies what is missing, each migration in a transaction of its own, then the functions if any of them changed.
    ///
    /// - Throws: `SchemaError` for files that cannot be read or were edited after they were applied, and when another
    ///   run holds the lock for too long; `PostgresError`, with the migrations before it applied, for a file that fails.
    package func run() async throws -> Report {
        let migrations = try Migration.all(in: directory)
        let functions = try SchemaDirectory.files(in: "\(directory)/functions", ending: ".sql")
        return try await client.withSession { session in
            // The lock is the session's, and a session that fails is closed: nothing can leave it behind.
            try await lock(session)
            try await session.execute("SET statement_timeout = 0")
            try await session.execute("SET lock_timeout = 0")
            try await prepare(session)
            var report = Report()
            report.migrations = try await apply(migrations, session)
            report.installedFunctions = try await install(functions, session)
            try await session.execute("RESET statement_timeout")
            try await session.execute("RESET lock_timeout")
            try await session.execute("SELECT pg_advisory_unlock(\(Self.lockKey))")
            return report
        }
    }

    private func lock(_ session: PostgresSession) async throws {
        let end = loop.now + lockDeadline
        while true {
            let rows = try await session.execute("SELECT pg_try_advisory_lock(\(Self.lockKey))")
            if try rows.first?.decode(0, as: Bool.self) == true { return }
            guard loop.now < end else { throw SchemaError("another migration has been running for \(lockDeadline)") }
            await loop.sleep(for: .milliseconds(50))
        }
    }

    private func prepare(_ session: PostgresSession) async throws {
        try await session.run(
            script: """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    version    integer PRIMARY KEY,
                    name       text NOT NULL,
                    checksum   text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                );
                CREATE TABLE IF NOT EXISTS schema_functions (
                    name       text PRIMARY KEY,
                    checksum   text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """
        )
    }

    // MARK: Migrations

    private func apply(_ migrations: [Migration], _ session: PostgresSession) async throws -> [String] {
        var applied: [Int32: String] = [:]
        for row in try await session.execute("SELECT version, checksum FROM schema_migrations") {
            applied[try row.decode(0)] = try row.decode(1)
        }
        // All of them before the first is applied: a set that cannot be right must change nothing.
        for migration in migrations {
            guard let checksum = applied[migration.version], checksum != migration.file.checksum else { continue }
            throw SchemaError("\(migration.file.name) was edited after it was applied; write a new migration instead")
        }
        let missing = migrations.filter { applied[$0.version] == nil }
        if let newest = applied.keys.max(), let late = missing.first, late.version < newest {
            throw SchemaError("\(late.file.name) is numbered below migrations that are applied already")
        }
        for migration in missing { try await apply(migration, session) }
        return missing.map(\.file.name)
    }

    private func apply(_ migration: Migration, _ session: PostgresSession) async throws {
        let (name, checksum) = (migration.file.name, migration.file.checksum)
        try await transaction(session) {
            try await session.run(script: migration.file.text, deadline: Self.scriptDeadline)
            try await session.execute(
                "INSERT INTO schema_migrations (version, name, checksum) VALUES (\(migration.version), \(name), \(checksum))"
            )
        }
    }

    // MARK: Functions

    private func install(_ functions: [SchemaDirectory.File], _ session: PostgresSession) async throws -> Bool {
        var installed: [String: String] = [:]
        for row in try await session.execute("SELECT name, checksum FROM schema_functions") {
            installed[try row.decode(0)] = try row.decode(1)
        }
        guard functions.contains(where: { installed[$0.name] != $0.checksum }) else { return false }
        try await transaction(session) {
            // Bodies of SQL functions may call those of later files.
            try await session.execute("SET LOCAL check_function_bodies = off")
            for function in functions {
                try await session.run(script: function.text, deadline: Self.scriptDeadline)
                try await session.execute(
                    """
                    INSERT INTO schema_functions (name, checksum) VALUES (\(function.name), \(function.checksum))
                    ON CONFLICT (name) DO UPDATE SET checksum = EXCLUDED.checksum, applied_at = now()
                    """
                )
            }
        }
        return true
    }

    /// A failure closes the session, which rolls back.
    private func transaction(_ session: PostgresSession, _ body: () async throws -> Void) async throws {
        try await session.execute("BEGIN")
        try await body()
        try await session.execute("COMMIT")
    }
}

/// A numbered file.
private struct Migration {
    let version: Int32
    let file: SchemaDirectory.File

    static func all(in directory: String) throws(SchemaError) -> [Migration] {
        let migrations = try SchemaDirectory.files(in: directory, ending: ".sql").map { file throws(SchemaError) in
            guard let version = Int32(file.name.prefix(4)), file.name.dropFirst(4).first == "_" else {
                throw SchemaError("\(file.name) is not named NNNN_name.sql")
            }
            return Migration(version: version, file: file)
        }
        guard Set(migrations.map(\.version)).count == migrations.count else {
            throw SchemaError("two migrations in \(directory) have the same number")
        }
        return migrations
    }
}

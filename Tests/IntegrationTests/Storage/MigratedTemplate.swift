import Glibc
import Storage

/// A migrated Postgres database that those of the tests are copied from: a copy takes a fraction of the migrations.
///
/// Made by the first test that asks. It stays when the tests end, with the stores they ran on.
actor MigratedTemplate {
    static let shared = MigratedTemplate()

    private let database = "template_\(getpid())"
    private var made: Task<Void, any Error>?

    /// The name of the database; nothing is connected to it, as `CREATE DATABASE … TEMPLATE` demands.
    ///
    /// - Throws: what `migrate` throws for a database of this name, for everyone who asks.
    func name(migrate: @escaping @Sendable (_ database: String) async throws -> Void) async throws -> String {
        if made == nil { made = Task { [database] in try await migrate(database) } }
        try await made?.value
        return database
    }
}

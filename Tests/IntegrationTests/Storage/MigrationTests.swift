import Domain
import Glibc
import IOCore
import Mongo
import Postgres
import Storage
import Support
import Testing

@Suite(.realTime) struct MigrationTests {
    @Test func `a second migration finds nothing to do`() async throws {
        try await StorageFixture.withDatabases { databases in
            let first = try await migrate(databases)
            #expect(first.migrations.first == "0001_accounts.sql")
            #expect(first.installedFunctions)
            let second = try await migrate(databases)
            #expect(second.migrations.isEmpty && !second.installedFunctions)
        }
    }

    @Test func `two nodes that migrate at once apply everything once`() async throws {
        try await StorageFixture.withDatabases { databases in
            async let one = migrate(databases)
            async let two = migrate(databases)
            let reports = try await [one, two]
            #expect(reports.filter { !$0.migrations.isEmpty }.count == 1)
            #expect(reports.filter(\.installedFunctions).count == 1)
        }
    }

    @Test func `an edited migration is refused by name and nothing is changed`() async throws {
        let directory = try copiedSQL()
        try await StorageFixture.withDatabases { databases in
            _ = try await migrate(databases, directory)
            try shell("echo '-- edited' >> \(directory)/0002_chats.sql")
            try shell("echo 'CREATE TABLE later (id bigint);' > \(directory)/0099_later.sql")
            let error = await #expect(throws: SchemaError.self) { try await migrate(databases, directory) }
            #expect(error?.description.contains("0002_chats.sql was edited") == true)
            let tables = try await withPostgres(url: databases.postgresURL) { client, _ in
                try await client.query("SELECT FROM pg_class WHERE relname = 'later'").count
            }
            #expect(tables == 0)
        }
        try shell("rm -r \(directory)")
    }

    @Test func `a migration that fails half way leaves no trace and can be mended`() async throws {
        let directory = try copiedSQL()
        try await StorageFixture.withDatabases { databases in
            try shell("echo 'CREATE TABLE half (id bigint); SELECT 1/0;' > \(directory)/0099_half.sql")
            await #expect(throws: PostgresError.self) { try await migrate(databases, directory) }
            try shell("echo 'CREATE TABLE half (id bigint);' > \(directory)/0099_half.sql")
            let report = try await migrate(databases, directory)
            #expect(report.migrations == ["0099_half.sql"])
            #expect(report.installedFunctions)
        }
        try shell("rm -r \(directory)")
    }

    @Test func `MongoDB is set up twice at once with the same result`() async throws {
        try await StorageFixture.withDatabases { databases in
            let client = try MongoClient(databases.stores.mongo, logger: Logger(label: "test"))
            let setup = MongoSetup(client: client, directory: StorageFixture.mongoFiles)
            async let one = setup.run()
            async let two = setup.run()
            let collections = try await [one, two]
            #expect(collections[0] == ["messages", "reactions", "revisions", "set_aside", "threads"])
            #expect(collections[1] == collections[0])
            _ = try await setup.run()
            let bad = try await client.insertMany("messages", [BSONDocument { $0.int64("_id", 1) }])
            #expect(bad.writeErrors.first?.code == .documentValidation)
            _ = try await client.command(BSONDocument { $0.int32("dropDatabase", 1) })
            client.shutdown()
        }
    }

    private func migrate(
        _ databases: StorageFixture.Databases,
        _ directory: String = StorageFixture.sql
    ) async throws -> Migrator.Report {
        try await withPostgres(url: databases.postgresURL) { client, loop in
            try await Migrator(client: client, directory: directory, loop: loop).run()
        }
    }

    private func copiedSQL() throws -> String {
        let directory = "/tmp/duologue-sql-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try shell("cp -r \(StorageFixture.sql) \(directory)")
        return directory
    }

    private func shell(_ command: String) throws {
        try #require(unsafe system(command) == 0, "\(command)")
    }
}

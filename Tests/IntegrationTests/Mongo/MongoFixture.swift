import Glibc
import IOCore
import Mongo
import Support
import Testing

/// Clients of the replica set under MONGODB_URL, and a collection for each test.
enum MongoFixture {
    /// Fails the test where MONGODB_URL is missing: a store test that does not run proves nothing.
    static func with(
        _ name: String,
        configure: (inout MongoConfiguration) -> Void = { _ in },
        _ body: (MongoClient, String) async throws -> Void
    ) async throws {
        let client = try client(configure)
        defer { client.shutdown() }
        let collection = "\(name)_\(getpid())"
        let drop = BSONDocument { $0.string("drop", collection) }
        do {
            try await body(client, collection)
            _ = try? await client.command(drop)
        } catch {
            _ = try? await client.command(drop)
            throw error
        }
    }

    /// A client with the configuration of the environment; shutting it down is the caller's.
    static func client(_ configure: (inout MongoConfiguration) -> Void = { _ in }) throws -> MongoClient {
        let url = try #require(environment("MONGODB_URL"), "set MONGODB_URL")
        var configuration = MongoConfiguration(url: url, database: environment("MONGODB_NAME") ?? "mongo")
        // Tests of deadlines say which; no other depends on how long a server that is well may stand still.
        configuration.deadline = .seconds(30)
        configuration.serverSelectionTimeout = .seconds(30)
        configuration.socketTimeout = .seconds(60)
        configure(&configuration)
        return try MongoClient(configuration, logger: Logger(label: "test"))
    }
}

/// A document that says which revision it is.
func revision(_ id: Int64, _ rev: Int64, text: String = "") -> BSONDocument {
    BSONDocument {
        $0.int64("_id", id)
        $0.int64("rev", rev)
        $0.string("text", text)
    }
}

/// The product's replacement: puts `rev` in the place of an older one, or inserts it.
func guarded(_ id: Int64, _ rev: Int64, text: String = "") -> Replacement {
    let filter = BSONDocument { writer in
        writer.int64("_id", id)
        writer.document("rev") { $0.int64("$lt", rev) }
    }
    return Replacement(filter: filter, document: revision(id, rev, text: text))
}

/// The filter for one document.
func byID(_ id: Int64) -> BSONDocument {
    BSONDocument { $0.int64("_id", id) }
}

/// The error of `body`, or nil when it succeeds.
func errorIfAny<Success>(_ body: () async throws -> Success) async -> MongoError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? MongoError
    }
}

/// The error of `body`, or nil with an issue when it succeeds.
func mongoFailure<Success>(
    _ body: () async throws -> Success,
    sourceLocation: SourceLocation = #_sourceLocation
) async -> MongoError? {
    let error = await errorIfAny(body)
    if error == nil { Issue.record("it did not fail with a MongoError", sourceLocation: sourceLocation) }
    return error
}

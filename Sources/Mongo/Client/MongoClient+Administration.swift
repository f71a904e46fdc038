/// Commands, collections and indexes, as migrations need them.
extension MongoClient {
    /// Runs `command` on the primary and returns the reply.
    ///
    /// The server gets the deadline as `maxTimeMS` unless the command has its own. As a command may write, a failure
    /// can leave its outcome unknown.
    package func command(
        _ command: BSONDocument,
        database: String? = nil,
        deadline: Duration? = nil
    ) async throws(MongoError) -> BSONDocument {
        try await perform(.command, deadline: deadline) { client, limit throws(MongoError) in
            var limited = command
            if command["maxTimeMS"] == nil {
                limited = command.appending { $0.int64("maxTimeMS", limit.milliseconds) }
            }
            return try client.run(limited, database: database ?? client.pool.database, mayWrite: true)
        }
    }

    /// Makes `collection` if it is missing, and gives it `validator` either way.
    package func ensureCollection(
        _ collection: String,
        validator: BSONDocument? = nil,
        deadline: Duration = .seconds(60)
    ) async throws(MongoError) {
        func request(_ verb: String) -> BSONDocument {
            BSONDocument {
                $0.string(verb, collection)
                if let validator { $0.document("validator", validator) }
                $0.document("writeConcern", WriteConcern.durable(timeoutMilliseconds: deadline.wholeMilliseconds))
            }
        }
        do {
            _ = try await command(request("create"), deadline: deadline)
        } catch  where error.code == .server(Self.namespaceExists) {
            if validator != nil { _ = try await command(request("collMod"), deadline: deadline) }
        }
    }

    /// Makes the indexes that are missing.
    ///
    /// Each is a document with `key`, `name` and the options of the server's `createIndexes`. Throws `server` when an index of that name differs: changing one is a migration of its own.
    package func createIndexes(
        _ collection: String,
        _ indexes: [BSONDocument],
        deadline: Duration = .seconds(600)
    ) async throws(MongoError) {
        guard !indexes.isEmpty else { return }
        let request = BSONDocument { writer in
            writer.string("createIndexes", collection)
            writer.array("indexes") { list in
                for index in indexes { list.append(.document(index)) }
            }
            writer.document("writeConcern", WriteConcern.durable(timeoutMilliseconds: deadline.wholeMilliseconds))
        }
        _ = try await command(request, deadline: deadline)
    }

    private static let namespaceExists: Int32 = 48
}

extension BSONDocument {
    /// The document with the fields that `body` writes after its own.
    package func appending(_ body: (inout BSONDocumentWriter) -> Void) -> BSONDocument {
        var writer = BSONDocumentWriter(extending: self)
        body(&writer)
        return writer.finish()
    }
}

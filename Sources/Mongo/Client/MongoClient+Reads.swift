/// What a read must be: on a majority of the replica set, or merely on the primary.
package enum ReadConcern: String, Sendable {
    /// Never rolled back.
    case majority
    /// The newest on the primary; a failover may roll it back.
    case local
}

/// The order, extent and limits of a result.
package struct FindOptions: Sendable {
    package var sort: BSONDocument?
    package var projection: BSONDocument?
    /// The most documents returned.
    package var limit: Int
    /// The most bytes of documents; beyond it the read fails, so that nobody takes a part for the whole.
    package var maximumBytes = 16 * 1024 * 1024
    package var readConcern: ReadConcern

    /// At most `limit` documents of what a majority holds, in no particular order unless `sort` is given.
    package init(
        sort: BSONDocument? = nil,
        projection: BSONDocument? = nil,
        limit: Int = 1000,
        readConcern: ReadConcern = .majority
    ) {
        precondition(limit > 0, "a limit of 0 means no limit to the server")
        self.sort = sort
        self.projection = projection
        self.limit = limit
        self.readConcern = readConcern
    }

    func document(maximumMilliseconds: Int64) -> BSONDocument {
        BSONDocument {
            $0.int64("limit", Int64(limit))
            // One more than the limit: with exactly as many the server keeps the cursor open for nothing.
            $0.int64("batchSize", Int64(limit) + 1)
            $0.int64("maxTimeMS", maximumMilliseconds)
            if let sort { $0.document("sort", sort) }
            if let projection { $0.document("projection", projection) }
            $0.document("readConcern") { $0.string("level", readConcern.rawValue) }
        }
    }
}

extension MongoClient {
    /// The documents of `collection` that match `filter`, read from the primary.
    ///
    /// Throws `resultTooLarge` beyond the options' bytes.
    package func find(
        _ collection: String,
        _ filter: BSONDocument,
        options: FindOptions = FindOptions(),
        deadline: Duration? = nil
    ) async throws(MongoError) -> [BSONDocument] {
        try await perform(.find, deadline: deadline) { client, limit throws(MongoError) in
            try client.find(
                collection,
                filter: filter,
                options: options.document(maximumMilliseconds: limit.milliseconds),
                maximumBytes: options.maximumBytes
            )
        }
    }

    /// What `pipeline` makes of `collection`, read from the primary; `options` gives its limits alone, for a pipeline has
    /// its own order and fields.
    ///
    /// Throws `resultTooLarge` beyond the options' documents or bytes.
    package func aggregate(
        _ collection: String,
        _ pipeline: [BSONDocument],
        options: FindOptions = FindOptions(),
        deadline: Duration? = nil
    ) async throws(MongoError) -> [BSONDocument] {
        try await perform(.aggregate, deadline: deadline) { client, limit throws(MongoError) in
            try client.aggregate(
                collection,
                pipeline: BSONDocument { writer in
                    writer.array("pipeline") { list in for stage in pipeline { list.append(.document(stage)) } }
                },
                options: BSONDocument {
                    $0.int64("batchSize", Int64(options.limit) + 1)
                    $0.int64("maxTimeMS", limit.milliseconds)
                    $0.document("readConcern") { $0.string("level", options.readConcern.rawValue) }
                },
                maximumCount: options.limit,
                maximumBytes: options.maximumBytes
            )
        }
    }

    /// Whether the primary answers.
    package func ping(deadline: Duration? = nil) async throws(MongoError) {
        let command = BSONDocument { $0.int32("ping", 1) }
        try await perform(.ping, deadline: deadline) { client, _ throws(MongoError) in
            _ = try client.run(command, database: client.pool.database, mayWrite: false)
        }
    }

    /// Why MongoDB cannot be used now, or nil when the primary answers within `deadline`.
    package func health(deadline: Duration = .seconds(1)) async -> MongoError? {
        do {
            try await ping(deadline: deadline)
            return nil
        } catch {
            return error
        }
    }
}

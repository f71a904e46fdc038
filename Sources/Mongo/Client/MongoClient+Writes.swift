/// One document put in the place of the one that `filter` finds, or inserted when it finds none and `upsert` is set.
package struct Replacement: Sendable {
    package let filter: BSONDocument
    package let document: BSONDocument
    package let upsert: Bool

    /// A replacement that inserts where nothing matches, unless told otherwise.
    package init(filter: BSONDocument, document: BSONDocument, upsert: Bool = true) {
        self.filter = filter
        self.document = document
        self.upsert = upsert
    }
}

/// A document of update operators applied to what `filter` finds.
package struct Update: Sendable {
    package let filter: BSONDocument
    package let change: BSONDocument

    /// An update that makes no document.
    package init(filter: BSONDocument, change: BSONDocument) {
        self.filter = filter
        self.change = change
    }
}

/// Writes.
///
/// Each waits for a majority and its journals, and each is judged by the server's reply alone.
///
/// The outcome lists what was refused, operation by operation; a thrown error means that there is no such list, and
/// `isOutcomeUnknown` then says whether something may have been written all the same.
extension MongoClient {
    /// Replaces documents of one collection in one unordered bulk, unless `ordered` makes the first error stop it.
    ///
    /// O(bytes); the documents are copied once, by libmongoc into its message.
    package func bulkReplace(
        _ collection: String,
        _ replacements: [Replacement],
        ordered: Bool = false,
        deadline: Duration? = nil
    ) async throws(MongoError) -> BulkOutcome {
        guard !replacements.isEmpty else { return .empty }
        return try await perform(.bulkReplace, deadline: deadline) { client, limit throws(MongoError) in
            let inserting = NativeDocument(copying: BSONDocument { $0.bool("upsert", true) })
            let replacing = NativeDocument(copying: BSONDocument())
            return try client.executeBulk(
                collection,
                options: Self.bulkOptions(ordered: ordered, limit),
                count: ordered ? nil : replacements.count
            ) { bulk throws(MongoError) in
                for replacement in replacements {
                    if replacement.upsert {
                        try bulk.replaceOne(replacement.filter, replacement.document, options: inserting)
                    } else {
                        try bulk.replaceOne(replacement.filter, replacement.document, options: replacing)
                    }
                }
            }
        }
    }

    /// Applies updates to one collection in one unordered bulk, each to every document that its filter finds.
    ///
    /// The reply cannot account for every operation: one that found nothing is not counted.
    package func bulkUpdate(
        _ collection: String,
        _ updates: [Update],
        deadline: Duration? = nil
    ) async throws(MongoError) -> BulkOutcome {
        guard !updates.isEmpty else { return .empty }
        return try await perform(.bulkUpdate, deadline: deadline) { client, limit throws(MongoError) in
            try client.executeBulk(
                collection,
                options: Self.bulkOptions(ordered: false, limit),
                count: nil
            ) { bulk throws(MongoError) in
                let options = BSONDocument { $0.bool("upsert", false) }
                for update in updates { try bulk.updateMany(update.filter, update.change, options: options) }
            }
        }
    }

    /// Inserts documents in one unordered bulk.
    package func insertMany(
        _ collection: String,
        _ documents: [BSONDocument],
        deadline: Duration? = nil
    ) async throws(MongoError) -> BulkOutcome {
        guard !documents.isEmpty else { return .empty }
        return try await perform(.insertMany, deadline: deadline) { client, limit throws(MongoError) in
            try client.executeBulk(
                collection,
                options: Self.bulkOptions(ordered: false, limit),
                count: documents.count
            ) { bulk throws(MongoError) in
                for document in documents { try bulk.insert(document) }
            }
        }
    }

    /// Applies `update`, a document of update operators, to every document that `filter` finds.
    package func updateMany(
        _ collection: String,
        _ filter: BSONDocument,
        _ update: BSONDocument,
        upsert: Bool = false,
        deadline: Duration? = nil
    ) async throws(MongoError) -> BulkOutcome {
        try await perform(.updateMany, deadline: deadline) { client, limit throws(MongoError) in
            try client.executeBulk(
                collection,
                options: Self.bulkOptions(ordered: true, limit),
                count: nil
            ) { bulk throws(MongoError) in
                try bulk.updateMany(filter, update, options: BSONDocument { $0.bool("upsert", upsert) })
            }
        }
    }

    /// Deletes every document that `filter` finds.
    package func deleteMany(
        _ collection: String,
        _ filter: BSONDocument,
        deadline: Duration? = nil
    ) async throws(MongoError) -> BulkOutcome {
        try await perform(.deleteMany, deadline: deadline) { client, limit throws(MongoError) in
            try client.executeBulk(
                collection,
                options: Self.bulkOptions(ordered: true, limit),
                count: nil
            ) { bulk throws(MongoError) in
                try bulk.deleteMany(filter)
            }
        }
    }

    /// `w: majority, j: true`; the server gives up waiting at the deadline, which frees the thread, and says so in
    /// `writeConcernErrors`.
    private static func bulkOptions(ordered: Bool, _ limit: Limit) -> BSONDocument {
        BSONDocument {
            $0.bool("ordered", ordered)
            $0.document("writeConcern", WriteConcern.durable(timeoutMilliseconds: limit.milliseconds))
        }
    }
}

/// The one write concern of the product.
enum WriteConcern {
    static func durable(timeoutMilliseconds: Int64) -> BSONDocument {
        BSONDocument {
            $0.string("w", "majority")
            $0.bool("j", true)
            $0.int64("wtimeout", timeoutMilliseconds)
        }
    }
}

internal import Audit
internal import Domain
internal import Hashing
internal import Mongo

/// The collection that keeps what repairs take out or replace.
enum SetAside {
    static let collection = "set_aside"

    /// Keeps copies, on a majority; one that is there already is left alone.
    static func keep(
        _ copies: [(from: String, document: BSONDocument, reason: String)],
        at now: Timestamp,
        _ mongo: MongoClient
    ) async throws {
        guard !copies.isEmpty else { return }
        let documents = copies.map { copy in
            BSONDocument { writer in
                writer.document("_id") { id in
                    id.string("from", copy.from)
                    id.binary("digest", SHA256.hash(copy.document.bytes))
                }
                writer.string("from", copy.from)
                writer.document("document", copy.document)
                writer.string("reason", copy.reason)
                writer.datetime("at", milliseconds: now.milliseconds)
            }
        }
        let outcome = try await mongo.insertMany(collection, documents, deadline: AuditMongo.lockedDeadline)
        try outcome.checkDurable()
    }

    /// Copies of the document with that `_id`, newest first; `write` writes the fields of the `_id`.
    static func copies(
        from collection: String,
        _ mongo: MongoClient,
        id write: (inout BSONDocumentWriter) -> Void
    ) async throws -> [BSONDocument] {
        let filter = BSONDocument { writer in
            writer.string("from", collection)
            writer.document("document._id") { write(&$0) }
        }
        let options = FindOptions(sort: BSONDocument { $0.int32("at", -1) }, limit: 20, readConcern: .majority)
        return try await mongo.find(Self.collection, filter, options: options, deadline: AuditMongo.lockedDeadline)
            .map { document throws(MongoError) in try document.document("document") }
    }
}

extension BulkOutcome {
    /// Refuses an outcome that is not on a majority, or in which something else failed than an insertion where something stands.
    func checkDurable() throws(MongoError) {
        if let error = writeConcernErrors.first { throw MongoError(error.code, "not on a majority: \(error.message)") }
        if let error = writeErrors.first(where: { $0.code != .duplicateKey }) {
            throw MongoError(error.code, "a repair was refused")
        }
    }
}

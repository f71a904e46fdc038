/// What the server says became of a bulk, taken from its reply alone.
///
/// Every operation of the bulk is accounted for: it is counted or it is among `writeErrors`. Where that is not so the
/// client throws with `isOutcomeUnknown` instead of returning an outcome.
package struct BulkOutcome: Sendable, Hashable {
    /// One operation that was refused; the others went on.
    package struct WriteError: Sendable, Hashable {
        /// The operation's place in the bulk.
        package let index: Int
        package let code: MongoError.Code
        package let message: String
    }

    /// The write concern that was not met: what was applied may still be rolled back.
    package struct WriteConcernError: Sendable, Hashable {
        package let code: MongoError.Code
        package let message: String
    }

    package let inserted: Int
    package let matched: Int
    package let modified: Int
    package let upserted: Int
    package let deleted: Int
    /// In the order of their index.
    package let writeErrors: [WriteError]
    package let writeConcernErrors: [WriteConcernError]

    /// Whether every operation was applied and acknowledged with the write concern.
    package var isComplete: Bool { writeErrors.isEmpty && writeConcernErrors.isEmpty }

    /// The outcome of a bulk of nothing.
    static let empty = BulkOutcome(
        inserted: 0,
        matched: 0,
        modified: 0,
        upserted: 0,
        deleted: 0,
        writeErrors: [],
        writeConcernErrors: []
    )

    /// Operations that a bulk of single-document writes accounts for.
    var accountedFor: Int { inserted + matched + upserted + deleted + writeErrors.count }
}

extension BulkOutcome {
    /// Reads the reply that libmongoc assembled from the server's.
    init(reply: BSONDocument) throws(MongoError) {
        inserted = Int(try reply.int64(ifPresent: "nInserted") ?? 0)
        matched = Int(try reply.int64(ifPresent: "nMatched") ?? 0)
        modified = Int(try reply.int64(ifPresent: "nModified") ?? 0)
        upserted = Int(try reply.int64(ifPresent: "nUpserted") ?? 0)
        deleted = Int(try reply.int64(ifPresent: "nRemoved") ?? 0)
        var writeErrors: [WriteError] = []
        for error in try Self.errors(reply, "writeErrors") {
            writeErrors.append(
                WriteError(
                    index: Int(try error.int64("index")),
                    code: try Self.code(error),
                    message: try error.string(ifPresent: "errmsg") ?? ""
                )
            )
        }
        self.writeErrors = writeErrors.sorted { $0.index < $1.index }
        var writeConcernErrors: [WriteConcernError] = []
        for error in try Self.errors(reply, "writeConcernErrors") {
            writeConcernErrors.append(
                WriteConcernError(code: try Self.code(error), message: try error.string(ifPresent: "errmsg") ?? "")
            )
        }
        self.writeConcernErrors = writeConcernErrors
    }

    private static func errors(_ reply: BSONDocument, _ field: String) throws(MongoError) -> [BSONDocument] {
        var documents: [BSONDocument] = []
        for value in try reply.array(ifPresent: field) ?? [] {
            guard case .document(let document) = value else {
                throw MongoError(.decoding, "field \(field): expected documents, found \(value.typeName)")
            }
            documents.append(document)
        }
        return documents
    }

    private static func code(_ error: BSONDocument) throws(MongoError) -> MongoError.Code {
        MongoError.Code(serverCode: Int32(truncatingIfNeeded: try error.int64("code")))
    }
}

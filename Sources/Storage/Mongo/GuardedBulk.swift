internal import Domain
internal import IOCore
internal import Mongo

/// Writes the documents of one collection and makes sure that they stand on a majority.
struct GuardedBulk: Sendable {
    let client: MongoClient
    let logger: Logger
    let collection: BodyCollection

    /// A document that MongoDB will never take as it is.
    struct Refusal: Sendable {
        let chat: ChatID
        /// For operators; holds nothing of the document.
        let reason: String
    }

    /// Writes what can be written, and answers the documents that cannot; all others stand then.
    ///
    /// - Throws: `retryable` or `unknown` when that is not so, or not known.
    func apply(_ writes: [GuardedWrite]) async throws(StoreError) -> [Refusal] {
        let fitting = writes.filter { $0.document.bytes.count <= GuardedWrite.maximumBytes }
        let outcome: BulkOutcome
        do throws(MongoError) {
            outcome = try await client.bulkReplace(collection.rawValue, fitting.map(\.replacement))
        } catch {
            throw StoreError(error)
        }
        if let error = outcome.writeConcernErrors.first {
            throw StoreError(.mongo, .unknown, "written, but not by a majority: \(error.message)")
        }
        var refusals = writes.filter { $0.document.bytes.count > GuardedWrite.maximumBytes }
            .map { Refusal(chat: $0.chat, reason: "a document is too large") }
        var kept: [GuardedWrite] = []
        for error in outcome.writeErrors {
            let write = fitting[error.index]
            if error.code == .duplicateKey {
                kept.append(write)
            } else if Self.isPermanent(error.code) {
                // Not the server's words here: a validator's quote the document.
                refusals.append(Refusal(chat: write.chat, reason: "a document was refused: \(error.code)"))
            } else {
                throw StoreError(.mongo, .retryable, "a write was refused: \(error.code)", chats: [write.chat])
            }
        }
        return try await refusals + confirm(kept)
    }

    /// What the server says of a document that it can never store: the validator's answer, or that it is too large.
    private static func isPermanent(_ code: MongoError.Code) -> Bool {
        switch code {
        case .documentValidation, .server(10_334), .server(17_419), .server(17_420): true
        default: false
        }
    }

    /// Makes sure that what kept a write out is its own earlier run or something newer, and on a majority.
    ///
    /// A duplicate key alone does not tell: a bulk that the driver retried reports it for a write that has no majority.
    private func confirm(_ writes: [GuardedWrite]) async throws(StoreError) -> [Refusal] {
        guard !writes.isEmpty else { return [] }
        var standing: [BSONDocument: Standing] = [:]
        do throws(MongoError) {
            let options = FindOptions(projection: Self.projection, limit: writes.count, readConcern: .majority)
            for document in try await client.find(collection.rawValue, Self.filter(writes), options: options) {
                standing[try document.document("_id")] = Standing(
                    revision: Offset(rawValue: try document.int64("rev")),
                    operation: try MessageDocument.operation(document, "op_id")
                )
            }
        } catch {
            throw StoreError(error)
        }
        var foreign: [Refusal] = []
        for write in writes {
            guard let found = standing[write.id], found.revision >= write.revision else {
                throw StoreError(.mongo, .retryable, "a write is not on a majority yet", chats: [write.chat])
            }
            guard found.revision == write.revision, found.operation != write.operation else { continue }
            report(write, found)
            foreign.append(Refusal(chat: write.chat, reason: "a document holds the body of a foreign operation"))
        }
        return foreign
    }

    private struct Standing {
        let revision: Offset
        let operation: OperationID?
    }

    private func report(_ write: GuardedWrite, _ standing: Standing) {
        logger.error(
            "a document holds the body of a foreign operation",
            [
                "collection": .string(collection.rawValue), "chat": .string(write.chat.description),
                "rev": .string(write.revision.description),
                "operation": .string(write.operation?.description ?? "none"),
                "standing": .string(standing.operation?.description ?? "none"),
            ]
        )
    }

    private static let projection = BSONDocument {
        $0.int32("rev", 1)
        $0.int32("op_id", 1)
    }

    private static func filter(_ writes: [GuardedWrite]) -> BSONDocument {
        BSONDocument { writer in
            writer.document("_id") { clause in
                clause.array("$in") { list in
                    for write in writes { list.append(.document(write.id)) }
                }
            }
            writer.document("chat_id") { clause in
                clause.array("$in") { list in
                    for chat in Set(writes.map(\.chat)) { list.int64(chat.rawValue) }
                }
            }
        }
    }
}

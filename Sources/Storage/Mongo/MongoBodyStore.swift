package import Domain
package import IOCore
package import Mongo

/// Message bodies in MongoDB.
///
/// What makes replays harmless is the guard in each replacement's filter: a document only ever gives way to a newer one.
package final class MongoBodyStore: BodyStore {
    private let client: MongoClient
    private let logger: Logger

    /// Reads and writes through `client`, which loops may share.
    package init(client: MongoClient, logger: Logger) {
        self.client = client
        self.logger = logger
    }

    // MARK: Writing

    package func apply(_ images: [PostImage]) async throws {
        let images = Self.newest(images)
        guard !images.isEmpty else { return }
        let outcome: BulkOutcome
        do throws(MongoError) {
            outcome = try await client.bulkReplace(
                MessageDocument.collection,
                images.map(MessageDocument.replacement)
            )
        } catch {
            throw StoreError(error)
        }
        if let error = outcome.writeConcernErrors.first {
            throw StoreError(.mongo, .unknown, "written, but not by a majority: \(error.message)")
        }
        var standing: [MessageImage] = []
        for error in outcome.writeErrors {
            guard error.code == .duplicateKey else { throw Self.refusal(error) }
            standing.append(images[error.index])
        }
        if !standing.isEmpty { try await confirm(standing) }
    }

    /// The newest image of each message: an unordered bulk may run two of one message either way round.
    private static func newest(_ images: [PostImage]) -> [MessageImage] {
        var places: [MessageID: Int] = [:]
        var newest: [MessageImage] = []
        for case .message(let image) in images {
            if let place = places[image.id] {
                if newest[place].revision < image.revision { newest[place] = image }
            } else {
                places[image.id] = newest.count
                newest.append(image)
            }
        }
        return newest
    }

    private static func refusal(_ error: BulkOutcome.WriteError) -> StoreError {
        // Not the server's words here: a validator's quote the document.
        guard error.code != .documentValidation else {
            return StoreError(.mongo, .permanent, "the validator refused a document")
        }
        return StoreError(.mongo, .retryable, "a write was refused: \(error.code)")
    }

    /// Makes sure that what kept a write out is its own earlier run or something newer, and on a majority.
    ///
    /// A duplicate key alone does not tell: a bulk that the driver retried reports it for a write that has no majority.
    private func confirm(_ images: [MessageImage]) async throws {
        let filter = BSONDocument { writer in
            writer.document("chat_id") { Self.write(Set(images.map(\.id.chat.rawValue)), to: &$0) }
            writer.document("_id") { clause in
                clause.array("$in") { list in
                    for image in images { list.document { MessageDocument.write(image.id, to: &$0) } }
                }
            }
        }
        let projection = BSONDocument {
            $0.int32("rev", 1)
            $0.int32("op_id", 1)
        }
        let options = FindOptions(projection: projection, limit: images.count, readConcern: .majority)
        var found: [MessageID: (revision: Offset, operation: OperationID?)] = [:]
        do throws(MongoError) {
            for document in try await client.find(MessageDocument.collection, filter, options: options) {
                found[try MessageDocument.id(document)] = (
                    Offset(rawValue: try document.int64("rev")),
                    try MessageDocument.operation(document, "op_id")
                )
            }
        } catch {
            throw StoreError(error)
        }
        for image in images { try check(image, against: found[image.id]) }
    }

    private static func write(_ chats: Set<Int64>, to clause: inout BSONDocumentWriter) {
        clause.array("$in") { list in
            for chat in chats { list.int64(chat) }
        }
    }

    private func check(
        _ image: MessageImage,
        against standing: (revision: Offset, operation: OperationID?)?
    ) throws(StoreError) {
        guard let standing, standing.revision >= image.revision else {
            throw StoreError(.mongo, .retryable, "a write is not on a majority yet")
        }
        guard standing.revision == image.revision, standing.operation != image.operation else { return }
        logger.error(
            "a message holds the body of a foreign operation",
            [
                "document": .string(image.id.description), "rev": .string(image.revision.description),
                "operation": .string(image.operation.description),
                "standing": .string(standing.operation?.description ?? "none"),
            ]
        )
        throw StoreError(.mongo, .permanent, "message \(image.id) holds the body of a foreign operation")
    }

    package func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> [SequenceNumber: [ReactionGroup]] { [:] }

    package func revisions(of message: MessageID) async throws -> [RevisionImage] { [] }

    package func purge(_ targets: [PurgeTarget]) async throws {}

    // MARK: Reading

    package func messages(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>
    ) async throws -> [MessageImage] {
        let low = MessageID(chat: chat, sequence: range.lowerBound)
        let high = MessageID(chat: chat, sequence: range.upperBound)
        let filter = BSONDocument { writer in
            writer.document("_id") { clause in
                clause.document("$gte") { MessageDocument.write(low, to: &$0) }
                clause.document("$lte") { MessageDocument.write(high, to: &$0) }
            }
            writer.int64("chat_id", chat.rawValue)
        }
        let sort = BSONDocument { $0.int32("_id", 1) }
        let limit = Int(range.upperBound.rawValue - range.lowerBound.rawValue) + 1
        do throws(MongoError) {
            return try await client.find(
                MessageDocument.collection,
                filter,
                options: FindOptions(sort: sort, limit: limit, readConcern: .majority)
            ).map { document throws(MongoError) in try MessageDocument.image(document) }
        } catch {
            throw StoreError(error)
        }
    }
}

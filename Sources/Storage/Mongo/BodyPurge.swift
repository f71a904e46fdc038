internal import Domain
internal import IOCore
internal import Mongo

/// Erases what deleted messages said.
///
/// The documents stay, with their `rev`: a late replay then finds them standing and brings nothing back.
struct BodyPurge: Sendable {
    let client: MongoClient
    let logger: Logger

    /// Erases tombstones, and then the revisions of those that are erased; doing it again does nothing.
    ///
    /// Answers those that are erased.
    func run(_ targets: [PurgeTarget]) async throws(MongoError) -> [PurgeTarget] {
        try await write(.messages, targets.map(Self.tombstone))
        let erased = try await erased(targets)
        if erased.count < targets.count {
            logger.warning(
                "a tombstone to be purged is not as expected",
                [
                    "messages": .string(
                        targets.filter { !erased.contains($0) }.map(\.message.description).joined(separator: " ")
                    )
                ]
            )
        }
        if !erased.isEmpty { try await write(.revisions, erased.map(Self.revisions)) }
        return erased
    }

    private static func tombstone(_ target: PurgeTarget) -> Update {
        let change = BSONDocument { writer in
            writer.document("$set") { fields in
                fields.null("content")
                fields.array("attachments") { _ in }
                fields.array("mentions") { _ in }
            }
        }
        return Update(filter: filter(target), change: change)
    }

    private static func filter(
        _ target: PurgeTarget,
        _ body: (inout BSONDocumentWriter) -> Void = { _ in }
    ) -> BSONDocument {
        BSONDocument { writer in
            writer.document("_id") { MessageDocument.write(target.message, to: &$0) }
            writer.int64("chat_id", target.message.chat.rawValue)
            writer.int64("rev", target.revision.rawValue)
            writer.bool("deleted", true)
            body(&writer)
        }
    }

    private static func revisions(_ target: PurgeTarget) -> Update {
        Update(
            filter: NumberRuns(target.message.chat, [target.message.sequence]).filter(),
            change: BSONDocument { $0.document("$set") { $0.null("content") } }
        )
    }

    /// The targets whose tombstones a majority holds without content.
    private func erased(_ targets: [PurgeTarget]) async throws(MongoError) -> [PurgeTarget] {
        let filter = BSONDocument { writer in
            writer.array("$or") { list in
                for target in targets { list.append(.document(Self.filter(target) { $0.null("content") })) }
            }
        }
        let options = FindOptions(projection: BSONDocument { $0.int32("rev", 1) }, limit: targets.count)
        let found = try await client.find(BodyCollection.messages.rawValue, filter, options: options)
        let messages = Set(try found.map { document throws(MongoError) in try MessageDocument.id(document) })
        return targets.filter { messages.contains($0.message) }
    }

    private func write(_ collection: BodyCollection, _ updates: [Update]) async throws(MongoError) {
        let outcome = try await client.bulkUpdate(collection.rawValue, updates)
        if let error = outcome.writeConcernErrors.first {
            throw MongoError(.writeConcern, error.message, isOutcomeUnknown: true)
        }
        if let error = outcome.writeErrors.first { throw MongoError(error.code, "an update was refused") }
    }
}

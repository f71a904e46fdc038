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
        let writes = GuardedBatch(images).writes
        var refusals: [GuardedBulk.Refusal] = []
        // Mostly a batch is of one collection, which needs no task of its own.
        if writes.count == 1, let (collection, writes) = writes.first {
            refusals = try await bulk(collection).apply(writes)
        } else {
            refusals = try await apply(writes)
        }
        guard let first = refusals.first else { return }
        throw StoreError(.mongo, .permanent, first.reason, chats: Set(refusals.map(\.chat)))
    }

    /// Writes all collections at once; an error that may pass comes before what was refused, for it must be tried again.
    private func apply(_ writes: [BodyCollection: [GuardedWrite]]) async throws -> [GuardedBulk.Refusal] {
        try await withThrowingTaskGroup(of: [GuardedBulk.Refusal].self) { [client, logger] group in
            for (collection, writes) in writes {
                let bulk = GuardedBulk(client: client, logger: logger, collection: collection)
                group.addTask { try await bulk.apply(writes) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func bulk(_ collection: BodyCollection) -> GuardedBulk {
        GuardedBulk(client: client, logger: logger, collection: collection)
    }

    package func purge(_ targets: [PurgeTarget]) async throws -> [PurgeTarget] {
        guard !targets.isEmpty else { return [] }
        do throws(MongoError) {
            return try await BodyPurge(client: client, logger: logger).run(targets)
        } catch {
            throw StoreError(error)
        }
    }

    // MARK: Reading

    package func messages(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>
    ) async throws -> [MessageImage] {
        try await mongo { () throws(MongoError) in try await Self.messages(NumberRuns(chat, range), client) }
    }

    package func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> [SequenceNumber: [ReactionGroup]] {
        let pipeline = ReactionDocument.counting(NumberRuns(chat, range), upTo: offset, excluding: excluding)
        return try await mongo { () throws(MongoError) in try await Self.reactions(pipeline, client) }
    }

    package func contents(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> BodyContents {
        guard !sequences.isEmpty else { return BodyContents() }
        let (runs, client) = (NumberRuns(chat, sequences), client)
        let pipeline = ReactionDocument.counting(runs, upTo: offset, excluding: excluding)
        do {
            async let reactions = Self.reactions(pipeline, client)
            let images = try await Self.messages(runs, client)
            return BodyContents(
                messages: Dictionary(images.map { ($0.id.sequence, $0) }, uniquingKeysWith: { $1 }),
                reactions: try await reactions
            )
        } catch let error as MongoError {
            throw StoreError(error)
        }
    }

    package func contents(of lookups: [BodyLookup]) async throws -> [MessageID: StoredMessage] {
        guard !lookups.isEmpty else { return [:] }
        let (ids, client) = (lookups.map(\.message), client)
        let pipeline = ReactionDocument.counting(lookups)
        do {
            async let reactions = Self.reactions(of: pipeline, client)
            let documents = try await client.find(
                BodyCollection.messages.rawValue,
                MessageDocument.filter(ids),
                options: FindOptions(limit: ids.count)
            )
            let images = try documents.map { document throws(MongoError) in try MessageDocument.image(document) }
            let groups = try await reactions
            return Dictionary(
                images.map { ($0.id, StoredMessage(image: $0, reactions: groups[$0.id] ?? [])) },
                uniquingKeysWith: { $1 }
            )
        } catch let error as MongoError {
            throw StoreError(error)
        }
    }

    package func images(_ messages: [MessageID]) async throws -> [MessageID: MessageImage] {
        guard !messages.isEmpty else { return [:] }
        return try await mongo { () throws(MongoError) in
            let options = FindOptions(limit: messages.count)
            var images: [MessageID: MessageImage] = [:]
            for document in try await client.find(
                BodyCollection.messages.rawValue,
                MessageDocument.filter(messages),
                options: options
            ) {
                let image = try MessageDocument.image(document)
                images[image.id] = image
            }
            return images
        }
    }

    package func revisions(
        of message: MessageID,
        after revision: Offset,
        limit: Int
    ) async throws -> [RevisionImage] {
        let filter = RevisionDocument.filter(message, after: revision)
        let options = FindOptions(sort: Self.byID, limit: limit)
        return try await mongo { () throws(MongoError) in
            try await client.find(BodyCollection.revisions.rawValue, filter, options: options)
                .map { document throws(MongoError) in try RevisionDocument.image(document) }
        }
    }

    private static let byID = BSONDocument { $0.int32("_id", 1) }

    private static func messages(_ runs: NumberRuns, _ client: MongoClient) async throws(MongoError) -> [MessageImage] {
        try await client.find(
            BodyCollection.messages.rawValue,
            runs.filter(),
            options: FindOptions(sort: byID, limit: runs.count)
        ).map { document throws(MongoError) in try MessageDocument.image(document) }
    }

    private static func reactions(
        _ pipeline: [BSONDocument],
        _ client: MongoClient
    ) async throws(MongoError) -> [SequenceNumber: [ReactionGroup]] {
        var reactions: [SequenceNumber: [ReactionGroup]] = [:]
        for document in try await client.aggregate(BodyCollection.reactions.rawValue, pipeline) {
            reactions[try MessageDocument.id(document).sequence] = try ReactionDocument.groups(of: document)
        }
        return reactions
    }

    private static func reactions(
        of pipeline: [BSONDocument],
        _ client: MongoClient
    ) async throws(MongoError) -> [MessageID: [ReactionGroup]] {
        var reactions: [MessageID: [ReactionGroup]] = [:]
        for document in try await client.aggregate(BodyCollection.reactions.rawValue, pipeline) {
            reactions[try MessageDocument.id(document)] = try ReactionDocument.groups(of: document)
        }
        return reactions
    }

    private func mongo<Value>(_ body: () async throws(MongoError) -> Value) async throws(StoreError) -> Value {
        do {
            return try await body()
        } catch {
            throw StoreError(error)
        }
    }
}

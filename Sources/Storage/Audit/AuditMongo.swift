internal import Audit
internal import Domain
internal import Mongo

/// Reads of MongoDB that the audits of all collections share.
enum AuditMongo {
    /// A window can take its time on a busy server.
    static let deadline = Duration.seconds(30)
    /// Under a chat's lock nothing is committed in that chat, so a slow server is left rather than waited for.
    static let lockedDeadline = Duration.seconds(2)
    private static let maximumBytes = 32 * 1024 * 1024

    /// The documents of `selection`, as a majority holds them, ascending by `_id` in a window.
    ///
    /// `write` writes the fields of an `_id`. A window that would take too much memory is made smaller.
    static func documents<Key: AuditKey>(
        _ collection: String,
        _ selection: AuditSelection<Key>,
        _ mongo: MongoClient,
        within deadline: Duration,
        write: @Sendable (Key, inout BSONDocumentWriter) -> Void
    ) async throws -> (documents: [BSONDocument], isFull: Bool) {
        switch selection {
        case .keys(let keys): return (try await named(collection, keys, mongo, within: deadline, write: write), false)
        case .window(let after, let chats, let limit):
            let filter = BSONDocument { writer in
                writer.document("_id") { clause in
                    clause.document("$gt") { id in
                        if let after { write(after, &id) } else { id.int64("c", chats.lowerBound) }
                    }
                    if chats.upperBound < Int64.max {
                        clause.document("$lt") { $0.int64("c", chats.upperBound + 1) }
                    }
                }
            }
            var limit = limit
            while true {
                if let documents = try await find(collection, filter, limit: limit, mongo, within: deadline) {
                    return (documents, documents.count == limit)
                }
                limit /= 2
            }
        }
    }

    private static func named<Key: AuditKey>(
        _ collection: String,
        _ keys: [Key],
        _ mongo: MongoClient,
        within deadline: Duration,
        write: @Sendable (Key, inout BSONDocumentWriter) -> Void
    ) async throws -> [BSONDocument] {
        var documents: [BSONDocument] = []
        var rest = keys[...]
        var size = 100
        while !rest.isEmpty {
            let part = rest.prefix(size)
            let filter = BSONDocument { writer in
                writer.document("_id") { clause in
                    clause.array("$in") { list in
                        for key in part { list.document { write(key, &$0) } }
                    }
                }
            }
            if let found = try await find(collection, filter, limit: part.count, mongo, within: deadline) {
                documents += found
                rest = rest.dropFirst(part.count)
            } else {
                size = part.count / 2
            }
        }
        return documents
    }

    /// Nil when the documents, more than one, take too much memory.
    private static func find(
        _ collection: String,
        _ filter: BSONDocument,
        limit: Int,
        _ mongo: MongoClient,
        within deadline: Duration
    ) async throws -> [BSONDocument]? {
        var options = FindOptions(sort: BSONDocument { $0.int32("_id", 1) }, limit: limit, readConcern: .majority)
        options.maximumBytes = maximumBytes
        do {
            return try await mongo.find(collection, filter, options: options, deadline: deadline)
        } catch {
            guard error.code == .resultTooLarge, limit > 1 else { throw error }
            return nil
        }
    }

    /// The message an `_id` names; nil for one that no version of ours has written.
    static func message(_ id: BSONDocument) -> MessageID? {
        guard let chat = try? id.int64("c"), let sequence = try? id.int64("s") else { return nil }
        return MessageID(chat: ChatID(rawValue: chat), sequence: SequenceNumber(rawValue: sequence))
    }

    static func write(_ id: MessageID, to writer: inout BSONDocumentWriter) {
        writer.int64("c", id.chat.rawValue)
        writer.int64("s", id.sequence.rawValue)
    }
}

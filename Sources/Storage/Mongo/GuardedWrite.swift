internal import Domain
internal import Mongo

/// A document as it shall stand unless a newer one does: the one form of every write of a post-image.
struct GuardedWrite: Sendable {
    let id: BSONDocument
    let chat: ChatID
    let revision: Offset
    /// The operation that made it, where the documents of its collection say so.
    var operation: OperationID?
    let document: BSONDocument

    /// A document with the fields that all collections share, and those that `body` writes.
    init(
        id: BSONDocument,
        chat: ChatID,
        sequence: SequenceNumber,
        revision: Offset,
        _ body: (inout BSONDocumentWriter) -> Void
    ) {
        self.id = id
        self.chat = chat
        self.revision = revision
        document = BSONDocument { writer in
            writer.document("_id", id)
            writer.int64("chat_id", chat.rawValue)
            writer.int64("seq", sequence.rawValue)
            writer.int64("rev", revision.rawValue)
            body(&writer)
        }
    }

    /// Puts the document in the place of an older one, or makes it.
    ///
    /// Where an equal or newer one stands, the filter misses and the insertion fails on its `_id`. The chat is given for
    /// a sharded cluster.
    var replacement: Replacement {
        let filter = BSONDocument { writer in
            writer.document("_id", id)
            writer.int64("chat_id", chat.rawValue)
            writer.document("rev") { $0.int64("$lt", revision.rawValue) }
        }
        return Replacement(filter: filter, document: document)
    }

    /// The largest document MongoDB stores.
    static let maximumBytes = 16 * 1024 * 1024
}

/// The collections of the bodies; the raw value is the name.
enum BodyCollection: String, Sendable, CaseIterable {
    case messages, revisions, reactions, threads
}

/// The writes of one batch, by collection, of each document the newest: an unordered bulk may run two of one document
/// either way round.
struct GuardedBatch {
    private var places: [BodyCollection: [BSONDocument: Int]] = [:]
    private(set) var writes: [BodyCollection: [GuardedWrite]] = [:]

    init(_ images: [PostImage]) {
        for image in images {
            switch image {
            case .message(let image): add(MessageDocument.write(image), to: .messages)
            case .revision(let image): add(RevisionDocument.write(image), to: .revisions)
            case .reaction(let image): add(ReactionDocument.write(image), to: .reactions)
            case .thread(let image): add(ThreadDocument.write(image), to: .threads)
            }
        }
    }

    private mutating func add(_ write: GuardedWrite, to collection: BodyCollection) {
        if let place = places[collection]?[write.id] {
            guard let standing = writes[collection]?[place], standing.revision < write.revision else { return }
            writes[collection]?[place] = write
        } else {
            places[collection, default: [:]][write.id] = writes[collection]?.count ?? 0
            writes[collection, default: []].append(write)
        }
    }
}

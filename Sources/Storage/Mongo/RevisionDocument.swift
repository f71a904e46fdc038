internal import Domain
internal import Mongo

/// What a message said before an edit, as the `revisions` collection keeps it; `mongo/revisions.json` is the schema.
///
/// Its `_id` holds its `rev`, so the guard lets it be made and never replaced.
enum RevisionDocument {
    static func write(_ image: RevisionImage) -> GuardedWrite {
        let id = BSONDocument { writer in
            MessageDocument.write(image.message, to: &writer)
            writer.int64("r", image.revision.rawValue)
        }
        return GuardedWrite(
            id: id,
            chat: image.message.chat,
            sequence: image.message.sequence,
            revision: image.revision
        ) { writer in
            writer.append("content", image.content.map(BSONValue.string) ?? .null)
            writer.int64("edited_by", image.editedBy.rawValue)
            writer.datetime("at", milliseconds: image.at.milliseconds)
        }
    }

    /// The documents of a message above a revision, a range of the `_id` index.
    static func filter(_ message: MessageID, after revision: Offset) -> BSONDocument {
        BSONDocument { writer in
            writer.document("_id") { clause in
                clause.document("$gt") { bound in
                    MessageDocument.write(message, to: &bound)
                    bound.int64("r", revision.rawValue)
                }
                clause.document("$lt") { bound in
                    let next = SequenceNumber(rawValue: message.sequence.rawValue + 1)
                    MessageDocument.write(MessageID(chat: message.chat, sequence: next), to: &bound)
                }
            }
            // Names the shard.
            writer.int64("chat_id", message.chat.rawValue)
        }
    }

    static func image(_ document: BSONDocument) throws(MongoError) -> RevisionImage {
        RevisionImage(
            message: try MessageDocument.id(document),
            revision: Offset(rawValue: try document.int64("rev")),
            content: try document.string(ifPresent: "content"),
            editedBy: UserID(rawValue: try document.int64("edited_by")),
            at: Timestamp(milliseconds: try document.datetime("at"))
        )
    }
}

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

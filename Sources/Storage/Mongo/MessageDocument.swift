internal import Domain
internal import Mongo

/// A message as the `messages` collection keeps it; `mongo/messages.json` is the schema.
enum MessageDocument {
    static func write(_ image: MessageImage) -> GuardedWrite {
        var guarded = GuardedWrite(
            id: BSONDocument { write(image.id, to: &$0) },
            chat: image.id.chat,
            sequence: image.id.sequence,
            revision: image.revision
        ) { fields(of: image, to: &$0) }
        guarded.operation = image.operation
        return guarded
    }

    static func write(_ id: MessageID, to writer: inout BSONDocumentWriter) {
        writer.int64("c", id.chat.rawValue)
        writer.int64("s", id.sequence.rawValue)
    }

    static func id(_ document: BSONDocument) throws(MongoError) -> MessageID {
        let id = try document.document("_id")
        return MessageID(
            chat: ChatID(rawValue: try id.int64("c")),
            sequence: SequenceNumber(rawValue: try id.int64("s"))
        )
    }

    /// The documents of these messages, of any chats.
    static func filter(_ ids: [MessageID]) -> BSONDocument {
        BSONDocument { writer in
            writer.document("_id") { clause in
                clause.array("$in") { list in
                    for id in ids { list.document { write(id, to: &$0) } }
                }
            }
            // Names the shards.
            writer.document("chat_id") { clause in
                clause.array("$in") { list in
                    for chat in Set(ids.map(\.chat)) { list.int64(chat.rawValue) }
                }
            }
        }
    }

    static func operation(_ document: BSONDocument, _ field: String) throws(MongoError) -> OperationID? {
        guard let bytes = try document.binary(ifPresent: field) else { return nil }
        guard let id = OperationID(bytes: bytes) else { throw MongoError(.decoding, "field \(field) is no UUID") }
        return id
    }

    // MARK: Writing

    private static func fields(of image: MessageImage, to writer: inout BSONDocumentWriter) {
        writer.int64("offset", image.createdOffset.rawValue)
        writer.int64("sender_id", image.sender.rawValue)
        writer.string("type", image.type.rawValue)
        writer.append("content", image.content.map(BSONValue.string) ?? .null)
        writer.datetime("created_at", milliseconds: image.createdAt.milliseconds)
        writer.append("edited_at", image.editedAt.map { .datetime(milliseconds: $0.milliseconds) } ?? .null)
        writer.bool("deleted", image.isDeleted)
        writer.append("reply_to", image.replyTo.map { .int64($0.rawValue) } ?? .null)
        writer.append("thread_root", image.threadRoot.map { .int64($0.rawValue) } ?? .null)
        writer.array("attachments") { list in
            for attachment in image.attachments { list.document { write(attachment, to: &$0) } }
        }
        writer.array("mentions") { list in
            for mention in image.mentions { list.document { write(mention, to: &$0) } }
        }
        if let id = image.clientMessageID {
            writer.uuid("client_msg_id", id.bytes)
        } else {
            writer.null("client_msg_id")
        }
        writer.uuid("op_id", image.operation.bytes)
    }

    private static func write(_ attachment: Attachment, to writer: inout BSONDocumentWriter) {
        writer.string("media_id", attachment.mediaID)
        writer.string("kind", attachment.kind)
        writer.string("name", attachment.name)
        writer.string("content_type", attachment.contentType)
        writer.int64("size_bytes", attachment.sizeBytes)
        if let width = attachment.width { writer.int32("width", Int32(clamping: width)) }
        if let height = attachment.height { writer.int32("height", Int32(clamping: height)) }
        if let duration = attachment.durationMilliseconds { writer.int64("duration_ms", duration) }
    }

    private static func write(_ mention: Mention, to writer: inout BSONDocumentWriter) {
        switch mention {
        case .user(let user):
            writer.string("kind", "user")
            writer.int64("user_id", user.rawValue)
        case .here: writer.string("kind", "here")
        case .all: writer.string("kind", "all")
        }
    }

    // MARK: Reading

    static func image(_ document: BSONDocument) throws(MongoError) -> MessageImage {
        guard let type = MessageType(rawValue: try document.string("type")),
            let operation = try operation(document, "op_id")
        else { throw MongoError(.decoding, "a message of an unknown type or without its operation") }
        return MessageImage(
            id: try id(document),
            revision: Offset(rawValue: try document.int64("rev")),
            createdOffset: Offset(rawValue: try document.int64("offset")),
            sender: UserID(rawValue: try document.int64("sender_id")),
            type: type,
            content: try document.string(ifPresent: "content"),
            createdAt: Timestamp(milliseconds: try document.datetime("created_at")),
            editedAt: try document.datetime(ifPresent: "edited_at").map(Timestamp.init(milliseconds:)),
            isDeleted: try document.bool("deleted"),
            replyTo: try document.int64(ifPresent: "reply_to").map(SequenceNumber.init(rawValue:)),
            threadRoot: try document.int64(ifPresent: "thread_root").map(SequenceNumber.init(rawValue:)),
            attachments: try documents(document, "attachments").map { item throws(MongoError) in try attachment(item) },
            mentions: try documents(document, "mentions").map { item throws(MongoError) in try mention(item) },
            clientMessageID: try Self.operation(document, "client_msg_id"),
            operation: operation
        )
    }

    static func documents(_ document: BSONDocument, _ field: String) throws(MongoError) -> [BSONDocument] {
        try document.array(field).map { value throws(MongoError) in
            guard case .document(let item) = value else {
                throw MongoError(.decoding, "field \(field): expected documents, found \(value.typeName)")
            }
            return item
        }
    }

    private static func attachment(_ document: BSONDocument) throws(MongoError) -> Attachment {
        Attachment(
            mediaID: try document.string("media_id"),
            kind: try document.string("kind"),
            name: try document.string("name"),
            contentType: try document.string("content_type"),
            sizeBytes: try document.int64("size_bytes"),
            width: try document.int64(ifPresent: "width"),
            height: try document.int64(ifPresent: "height"),
            durationMilliseconds: try document.int64(ifPresent: "duration_ms")
        )
    }

    private static func mention(_ document: BSONDocument) throws(MongoError) -> Mention {
        switch try document.string("kind") {
        case "user": .user(UserID(rawValue: try document.int64("user_id")))
        case "here": .here
        case "all": .all
        default: throw MongoError(.decoding, "a mention of an unknown kind")
        }
    }
}

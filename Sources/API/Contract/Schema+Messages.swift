internal import Domain
internal import Messaging
internal import Web

/// The shapes of messages and what belongs to them.
extension Schema {
    static let messageID = Schema.text(matching: "^[1-9][0-9]{0,15}-[1-9][0-9]{0,15}$")
    static let emoji = Schema.text(1...EmojiSequence.byteLimit)
    static let content = Schema.text(1...ClientFields.contentLimit)
    private static let attachmentKind = Schema.words(["image", "file", "audio", "video"])

    /// A message; one that was deleted keeps its place without content.
    static let message = Schema.named("Message", .object(messageFields + [duplicate], isClosed: false))

    private static let duplicate = SchemaField.optional(
        "duplicate",
        .boolean,
        "The request had been done before and is not done again: of a send this is the first result, of a change the message as it is now."
    )

    /// What a message has everywhere.
    static let messageFields: [SchemaField] = [
        .required("message_id", .messageID),
        .required("chat_id", .id),
        .required("seq", .id, "Numbers the messages of a chat, without holes."),
        .required("offset", .id, "Of the event that made it."),
        .required("rev", .id, "The offset of its body's last change."),
        .required("sender_id", .id),
        .required("type", .words(MessageType.allCases.map(\.rawValue))),
        .required("content", .nullable(.text)),
        .required("created_at", .time),
        .required("edited_at", .nullable(.time)),
        .required("deleted", .boolean),
        .required("reply_to", .nullable(.messageID)),
        .required("thread_root", .nullable(.messageID)),
        .required("thread", .threadSummary),
        .required("reactions", .array(.reaction)),
        .required("attachments", .array(.attachment)),
        .required("mentions", .array(.mention)),
        .required("client_msg_id", .nullable(.uuid)),
    ]

    static let threadSummary = Schema.named(
        "ThreadSummary",
        .object(.required("reply_count", .count), .required("last_reply_seq", .nullable(.id)))
    )

    static let reaction = Schema.named(
        "Reaction",
        .object(
            .required("emoji", .text),
            .required("count", .id),
            .required("user_ids", .array(.id, count: 0...20), "The first twenty.")
        )
    )

    static let attachment = Schema.named(
        "Attachment",
        .object(
            .required("media_id", .text),
            .required("kind", attachmentKind),
            .required("name", .text),
            .required("content_type", .text),
            .required("size_bytes", .integer(0...Int64.max)),
            .optional("width", .count),
            .optional("height", .count),
            .optional("duration_ms", .integer(0...Int64.max))
        )
    )

    static let mention = Schema.named(
        "Mention",
        .either([
            .object(.required("kind", .words(["user"])), .required("user_id", .id)),
            .object(.required("kind", .words(["here", "all"]))),
        ])
    )

    /// What a client may send.
    static let newMessage = Schema.named("NewMessage", .object(newMessageFields, isClosed: true))

    /// The same with the chat in it.
    static let addressedMessage = Schema.named(
        "AddressedMessage",
        .object([.required("chat_id", .id)] + newMessageFields, isClosed: true)
    )

    private static let newMessageFields: [SchemaField] = [
        .required("content", .content),
        .optional("type", .nullable(.words(MessageType.allCases.filter(\.isSendable).map(\.rawValue)))),
        .optional("client_msg_id", .nullable(.uuid), "The same id and body again answers the first result."),
        .optional("reply_to", .nullable(.messageID)),
        .optional("thread_root", .nullable(.messageID)),
        .optional("attachments", .nullable(.array(newAttachment, count: 0...ClientFields.attachmentLimit))),
        .optional("mentions", .nullable(.array(newMention, count: 0...ClientFields.mentionLimit))),
    ]

    private static let newAttachment = Schema.named(
        "NewAttachment",
        .closed(
            .required("media_id", .text(1...ClientFields.mediaIDLimit)),
            .required("kind", attachmentKind),
            .required("name", .text(1...ClientFields.attachmentNameLimit)),
            .required("content_type", .text(3...ClientFields.attachmentNameLimit), "A media type."),
            .required("size_bytes", .count),
            .optional("width", .nullable(.integer(0...Int64(Int32.max)))),
            .optional("height", .nullable(.integer(0...Int64(Int32.max)))),
            .optional("duration_ms", .nullable(.count))
        )
    )

    private static let newMention = Schema.named(
        "NewMention",
        .either([
            .closed(.required("kind", .words(["user"])), .required("user_id", .id)),
            .closed(.required("kind", .words(["here", "all"]))),
        ])
    )

    static let edit = Schema.named(
        "Edit",
        .closed(
            .required("content", .content),
            .optional(
                "mentions",
                .nullable(.array(newMention, count: 0...ClientFields.mentionLimit)),
                "Left out or null, they stay."
            )
        )
    )

    static let newReaction = Schema.named("NewReaction", .closed(.required("emoji", .emoji)))

    static let revision = Schema.named(
        "Revision",
        .object(
            .required("message_id", .messageID),
            .required("rev", .id),
            .required("content", .nullable(.text)),
            .required("edited_by", .id),
            .required("at", .time)
        )
    )

    static let pin = Schema.named(
        "Pin",
        .object(
            .required("message_id", .messageID),
            .required("pinned_by", .id),
            .required("pinned_at", .time),
            .required("message", .message)
        )
    )
}

internal import Domain
internal import Messaging
internal import Web

/// The shapes of what a member keeps of a chat alone, of threads and of forwarding.
extension Schema {
    static let saved = Schema.named(
        "Saved",
        .object(.required("message_id", .messageID), .required("saved_at", .time), .required("message", .message))
    )

    static let draft = Schema.named(
        "Draft",
        .object(
            .required("chat_id", .id),
            .required("content", .content),
            .required("reply_to", .nullable(.messageID)),
            .required("updated_at", .time, "Of two drafts of a chat the later stands.")
        )
    )

    static let newDraft = Schema.named(
        "NewDraft",
        .closed(.required("content", .content), .optional("reply_to", .nullable(.messageID)))
    )

    static let thread = Schema.named(
        "Thread",
        .object(
            .required("message_id", .messageID, "The message that it begins with."),
            .required("reply_count", .id),
            .required("last_reply_seq", .id),
            .required("last_reply_at", .time),
            .required("read_seq", .count, "How far the caller has read it; 0 until they said."),
            .required("unread", .integer(0...Int64(ThreadSummary.unreadLimit)), "Counting ends at the maximum."),
            .required("message", .message)
        )
    )

    static let threadReadState = Schema.named(
        "ThreadReadState",
        .object(
            .required("message_id", .messageID),
            .required("read_seq", .count),
            .required("unread", .integer(0...Int64(ThreadSummary.unreadLimit)))
        )
    )

    static let forwarding = Schema.named(
        "Forwarding",
        .closed(.required("chat_ids", .array(.id, count: 1...MessageService.forwardLimit), "Each once."))
    )

    static let forwarded = Schema.named("Forwarded", .object(.required("items", .array(.message))))
}

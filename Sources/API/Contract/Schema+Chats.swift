internal import Domain
internal import Messaging
internal import Web

/// The shapes of chats, members and how far they have read.
extension Schema {
    static let role = Schema.words(Role.allCases.map(\.rawValue))
    static let visibility = Schema.words(ChatVisibility.allCases.map(\.rawValue))

    /// A chat as one of its members sees it.
    static let chat = Schema.named(
        "Chat",
        .object(
            .required("chat_id", .id),
            .required("type", .words(ChatType.allCases.map(\.rawValue))),
            .required("visibility", .visibility),
            .required("name", .nullable(.text)),
            .required("description", .nullable(.text)),
            .required("avatar_url", .nullable(.text)),
            .required("created_at", .time),
            .required("updated_at", .time),
            .required("created_by", .id),
            .required("last_seq", .count, "The number of the last message."),
            .required("last_offset", .count, "The number of the last event: the cursor to go on from."),
            .required("participant_count", .count),
            .optional("my", .membership, "The caller's own side; not in events, which are the same for all."),
            .optional("last_message", .nullable(.message))
        )
    )

    static let membership = Schema.named(
        "Membership",
        .object(
            .required("role", .role),
            .required("read_seq", .count),
            .required("unread", .count, "Messages behind read_seq that are not own, not system and not deleted."),
            .required("mentions", .count, "Those of them that call the caller, by name or with everyone."),
            .required("muted_until", .nullable(.time)),
            .required("archived", .boolean),
            .required("pinned", .boolean),
            .required("marked_unread", .boolean, "Set by the caller, whatever is unread; reading clears it.")
        )
    )

    static let membershipChange = Schema.named(
        "MembershipChange",
        .closed(
            .optional("muted_until", .nullable(.time), "Null ends a mute."),
            .optional("archived", .nullable(.boolean)),
            .optional("pinned", .nullable(.boolean)),
            .optional("marked_unread", .nullable(.boolean))
        )
    )

    static let participant = Schema.named(
        "Participant",
        .object(
            .required("user_id", .id),
            .required("username", .username),
            .required("role", .role),
            .required("joined_at", .time)
        )
    )

    static let newChat = Schema.named(
        "NewChat",
        .either([
            .closed(.required("type", .words(["direct"])), .required("participant_ids", .array(.id), "The other one.")),
            .closed(
                .required("type", .words(["group"])),
                .optional("name", .nullable(.text(1...ClientFields.nameLimit))),
                .optional("description", .nullable(.text(1...ClientFields.descriptionLimit))),
                .optional("visibility", .nullable(.visibility)),
                .required("participant_ids", .array(.id))
            ),
        ])
    )

    static let chatChange = Schema.named(
        "ChatChange",
        .closed(
            .optional("name", .nullable(.text(1...ClientFields.nameLimit)), "Null clears it."),
            .optional("description", .nullable(.text(1...ClientFields.descriptionLimit)), "Null clears it."),
            .optional("avatar_url", .nullable(.text(1...ClientFields.addressLimit)), "Null clears it."),
            .optional("visibility", .nullable(.visibility))
        )
    )

    static let additions = Schema.named(
        "Additions",
        .either([
            .closed(.required("user_id", .id), .optional("role", .nullable(.role))),
            .closed(
                .required("user_ids", .array(.id, count: 1...ClientFields.additionLimit)),
                .optional("role", .nullable(.role))
            ),
        ])
    )

    static let addedParticipants = Schema.named("AddedParticipants", .object(.required("items", .array(.participant))))

    static let roleChange = Schema.named("RoleChange", .closed(.required("role", .role)))

    static let readMark = Schema.named("ReadMark", .closed(.required("seq", .count)))

    static let readState = Schema.named(
        "ReadState",
        .object(
            .required("chat_id", .id),
            .required("read_seq", .count),
            .required("unread", .count),
            .required("mentions", .count)
        )
    )

    static let unreadChat = Schema.named(
        "UnreadChat",
        .object(
            .required("chat_id", .id),
            .required("unread", .count),
            .required("mentions", .count),
            .required("marked_unread", .boolean)
        )
    )

    static let unreadSummary = Schema.named(
        "UnreadSummary",
        .object(
            .required("total", .count, "Over all chats, on whatever page."),
            .required("mentions", .count, "Over all chats, on whatever page."),
            .required("items", .array(.unreadChat)),
            .required("limit", .integer(1...100)),
            .required("next", .nullable(.text), "What comes back as `cursor` for the next page; null at the end.")
        )
    )

    static let receipt = Schema.named("Receipt", .object(.required("user_id", .id), .required("read_seq", .count)))
}

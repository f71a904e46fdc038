internal import Domain
internal import Web

/// The shapes of lists, events and what operators ask.
extension Schema {
    /// A page of a list.
    ///
    /// A `paged` one can be asked for by its number, and then says how many there are.
    static func list(_ name: String, of item: Schema, paged: Bool = false) -> Schema {
        var fields: [SchemaField] = [
            .required("items", .array(item)),
            .required("limit", .integer(1...100)),
            .required(
                "next",
                .nullable(.text),
                "What comes back as `cursor` for the next page; null at the end alone, as a page may be short or empty before it."
            ),
        ]
        if paged {
            fields += [
                .optional("total", .count, "Where `page` was given."), .optional("page", .id),
                .optional("pages", .count),
            ]
        }
        return .named(name, .object(fields, isClosed: false))
    }

    static let chatList = list("ChatList", of: .chat, paged: true)
    static let userList = list("UserList", of: .either([.ownUser, .user]), paged: true)
    static let relationList = list("RelationList", of: .user)
    static let sessionList = list("SessionList", of: .sessionRecord)
    static let participantList = list("ParticipantList", of: .participant)
    static let messageList = list("MessageList", of: .message)
    static let revisionList = list("RevisionList", of: .revision)
    static let reactionList = list("ReactionList", of: .reaction)
    static let pinList = list("PinList", of: .pin)
    static let inviteList = list("InviteList", of: .invite)
    static let receiptList = list("ReceiptList", of: .receipt)
    static let savedList = list("SavedList", of: .saved)
    static let foundList = list("FoundList", of: .found)
    static let threadList = list("ThreadList", of: .thread)
    static let eventList = list("EventList", of: .event)

    /// A durable event, as sockets get it.
    static let event = Schema.named(
        "Event",
        .object(
            .required("type", .words(Set(EventKind.allCases.map(\.name)).sorted())),
            .required("chat_id", .id),
            .required("offset", .id, "Numbers the events of a chat, without holes."),
            .optional("message", .message),
            .optional("message_id", .messageID),
            .optional("seq", .id),
            .optional("emoji", .text),
            .optional("user_id", .id),
            .optional("participant", .participant),
            .optional("chat", .chat)
        )
    )

    static let alive = Schema.named("Alive", .object(.required("status", .words(["ok"]))))

    static let cacheStatistics = Schema.named(
        "CacheStatistics",
        .map(
            .object(
                .required("hits", .count),
                .required("misses", .count),
                .required("bypassed", .count),
                .required("fills", .count),
                .required("ratio", .nullable(.number))
            )
        )
    )

    static let readiness = Schema.named(
        "Readiness",
        .object(
            .required("status", .words(["ok", "degraded", "unavailable"])),
            .required(
                "stores",
                .map(.object(.required("status", .words(["ok", "down"])), .required("reason", .nullable(.text))))
            )
        )
    )
}

internal import Messaging
internal import Web

/// The shapes of invites and of joining.
extension Schema {
    static let invite = Schema.named(
        "Invite",
        .object(
            .required("code", .text, "Knowing it is all it takes."),
            .required("chat_id", .id),
            .required("created_by", .id),
            .required("created_at", .time),
            .required("expires_at", .nullable(.time)),
            .required("max_uses", .nullable(.id)),
            .required("uses", .count, "How many have come by it.")
        )
    )

    static let newInvite = Schema.named(
        "NewInvite",
        .closed(
            .optional(
                "expires_in",
                .nullable(.integer(1...ClientFields.inviteLifetime.components.seconds)),
                "Seconds; not with `expires_at`."
            ),
            .optional("expires_at", .nullable(.time), "In the future."),
            .optional("max_uses", .nullable(.integer(1...ClientFields.inviteUses)))
        )
    )

    static let joining = Schema.named(
        "Joining",
        .closed(.optional("invite", .nullable(.text), "The code of an invite; without one into public chats only."))
    )
}

extension RouteParameter {
    /// The code of an invite.
    static let inviteCode = RouteParameter("code", .text(matching: "^[A-Za-z0-9_-]{1,\(ClientFields.codeLimit)}$"))
    /// The message that was read.
    static let readMessage = RouteParameter("seq", .id, "Only those who have read this message.")
}

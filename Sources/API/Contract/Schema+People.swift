internal import Domain
internal import Messaging
internal import Security
internal import Web

/// The shapes of people, sessions and tokens.
extension Schema {
    static let username = Schema.text(matching: "^[A-Za-z0-9_.-]{3,32}$")

    /// A person as others see them.
    static let user = Schema.named("User", .object(userFields, isClosed: false))

    /// A person as they see themselves.
    static let ownUser = Schema.named(
        "OwnUser",
        .object(
            userFields + [.required("email", .text), .required("role", .words(UserRole.allCases.map(\.rawValue)))],
            isClosed: false
        )
    )

    static let profileChange = Schema.named(
        "ProfileChange",
        .closed(
            .optional("full_name", .nullable(.text(1...ClientFields.fullNameLimit)), "Null clears it."),
            .optional("avatar_url", .nullable(.text(1...ClientFields.portraitLimit)), "Http or https; null clears it."),
            .optional("status_text", .nullable(.text(1...ClientFields.statusLimit)), "Null clears it.")
        )
    )

    /// What a user has decided about notifications and privacy.
    static let settings = Schema.named(
        "Settings",
        .object(
            .required("notifications", .notifications, "Where a chat says nothing else."),
            .required("last_seen", .audience, "Who is told when the user was last seen."),
            .required("read_receipts", .boolean, "Whether others are told how far the user has read.")
        )
    )

    static let settingsChange = Schema.named(
        "SettingsChange",
        .closed(
            .optional("notifications", .nullable(.notifications)),
            .optional("last_seen", .nullable(.audience)),
            .optional("read_receipts", .nullable(.boolean))
        )
    )

    private static let notifications = Schema.words(NotificationLevel.allCases.map(\.rawValue))
    private static let audience = Schema.words(Audience.allCases.map(\.rawValue))

    private static let userFields: [SchemaField] = [
        .required("user_id", .id),
        .required("username", .username),
        .required("full_name", .nullable(.text)),
        .required("avatar_url", .nullable(.text)),
        .required("status_text", .nullable(.text)),
        .required("created_at", .time),
        .required("last_seen", .nullable(.time)),
    ]

    /// What a login gives.
    static let session = Schema.named(
        "Session",
        .object(
            .required("access_token", .text, "For `Authorization: Bearer`."),
            .required("refresh_token", .text, "Good for one exchange; a second use ends the session."),
            .required("token_type", .words(["bearer"])),
            .required("expires_in", .count, "Seconds until the access token ends."),
            .required("session_id", .uuid)
        )
    )

    /// A session in a list.
    static let sessionRecord = Schema.named(
        "SessionRecord",
        .object(
            .required("session_id", .uuid),
            .required("device", .nullable(.text)),
            .required("address", .nullable(.text)),
            .required("created_at", .time),
            .required("last_used_at", .time, "Within a minute or so."),
            .required("expires_at", .time),
            .required("current", .boolean, "Whether it is the one that asks.")
        )
    )

    static let passwordChange = Schema.named(
        "PasswordChange",
        .closed(.required("current_password", .password), .required("new_password", .text(PasswordPolicy.lengths)))
    )

    static let ticket = Schema.named(
        "Ticket",
        .object(.required("ticket", .text, "For `?ticket=`, once."), .required("expires_in", .count, "Seconds."))
    )

    static let registration = Schema.named(
        "Registration",
        .closed(
            .required("username", .username),
            .required("email", .text(3...EmailAddress.maximumByteCount)),
            .required("password", .text(PasswordPolicy.lengths)),
            .optional("full_name", .nullable(.text(1...AccountText.limit)))
        )
    )

    static let login = Schema.named(
        "Login",
        .either([
            .closed(.required("username", .username), .required("password", .password), .optional("device", .device)),
            .closed(
                .required("email", .text(3...EmailAddress.maximumByteCount)),
                .required("password", .password),
                .optional("device", .device)
            ),
        ])
    )

    static let refresh = Schema.named("Refresh", .closed(.required("refresh_token", .text)))

    private static let password = Schema.text(1...PasswordPolicy.lengths.upperBound)
    private static let device = Schema.nullable(.text(1...AccountText.limit))
}

internal import Security
internal import Web

/// The shapes of people, sessions and tokens.
extension Schema {
    static let username = Schema.text(matching: "^[A-Za-z0-9_.-]{3,32}$")

    /// A person as others see them.
    static let user = Schema.named("User", .object(userFields, isClosed: false))

    /// A person as they see themselves.
    static let ownUser = Schema.named("OwnUser", .object(userFields + [.required("email", .text)], isClosed: false))

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

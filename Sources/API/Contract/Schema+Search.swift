internal import Web

/// The shapes of what a search finds.
extension Schema {
    static let found = Schema.named("Found", .object(foundFields, isClosed: false))

    private static let foundFields: [SchemaField] =
        messageFields + [
            .required("highlights", .array(highlight), "Where the content has what was looked for; ascending."),
            .required("snippet", .text, "A part of the content around the first of them."),
        ]

    private static let highlight = Schema.named(
        "Highlight",
        .object(
            .required("start", .count, "In Unicode scalars of the content."),
            .required("length", .id)
        )
    )
}

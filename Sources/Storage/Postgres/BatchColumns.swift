internal import Domain
internal import JSON
internal import Postgres

/// A batch as the aligned arrays that `duologue_commit` takes: element i is of operation i.
struct BatchColumns {
    var chats: [Int64] = []
    var kinds: [Int32] = []
    var actors: [Int64] = []
    var operations: [PostgresUUID] = []
    var hashes: [[UInt8]] = []
    var targets: [Int64?] = []
    var replyTo: [Int64?] = []
    var threadRoots: [Int64?] = []
    var types: [String?] = []
    var payloads: [[UInt8]] = []
    var expectedRevisions: [Int64?] = []
    var data: [PostgresJSON?] = []

    init(_ batch: [Operation]) {
        for operation in batch { append(operation) }
    }

    private mutating func append(_ operation: Operation) {
        chats.append(operation.chat.rawValue)
        kinds.append(Int32(operation.kind.rawValue))
        actors.append(operation.actor.rawValue)
        operations.append(PostgresUUID(operation.id))
        hashes.append(operation.hash)
        payloads.append(operation.payload)
        expectedRevisions.append(operation.expectedRevision?.rawValue)
        var message: MessageDraft?
        if case .createMessage(let draft) = operation.body { message = draft }
        targets.append(operation.target?.rawValue ?? operation.targetUser?.rawValue)
        replyTo.append(message?.replyTo?.rawValue)
        threadRoots.append(message?.threadRoot?.rawValue)
        types.append(message?.type.rawValue)
        data.append(Self.data(of: operation.body))
    }

    /// What the function has to know of an operation besides its columns; nil where they say it all.
    private static func data(of body: Operation.Body) -> PostgresJSON? {
        var writer = JSONWriter()
        writer.beginObject()
        switch body {
        case .createChat(let draft): write(draft, to: &writer)
        case .addParticipant(let addition): write(addition, to: &writer)
        case .changeRole(_, let role):
            writer.key("role")
            writer.string(role.rawValue)
        case .changeChat(let change): write(change, to: &writer)
        case .react(_, let emoji, _):
            writer.key("emoji")
            writer.string(emoji)
        case .createMessage(let draft):
            guard !draft.mentions.isEmpty else { return nil }
            write(draft.mentions, to: &writer)
        case .editMessage(let edit, _):
            guard let mentions = edit.mentions else { return nil }
            write(mentions, to: &writer)
        case .removeParticipant, .deleteMessage, .restoreMessage, .pin: return nil
        }
        writer.endObject()
        return PostgresJSON(bytes: writer.bytes)
    }

    private static func write(_ addition: ParticipantAddition, to writer: inout JSONWriter) {
        writer.key("role")
        writer.string(addition.role.rawValue)
        writer.key("limit")
        writer.integer(addition.memberLimit)
        writer.key("chats")
        writer.integer(addition.chatLimit)
        guard let entrance = addition.entrance else { return }
        writer.key("joins")
        writer.bool(true)
        if case .invite(let code) = entrance {
            writer.key("invite")
            writer.string(code)
        }
    }

    private static func write(_ draft: ChatDraft, to writer: inout JSONWriter) {
        writer.key("type")
        writer.string(draft.type.rawValue)
        writer.key("visibility")
        writer.string(draft.visibility.rawValue)
        if let name = draft.name {
            writer.key("name")
            writer.string(name)
        }
        if let description = draft.description {
            writer.key("description")
            writer.string(description)
        }
        writer.key("participants")
        writer.beginArray()
        for user in draft.participants { writer.integer(user.rawValue) }
        writer.endArray()
        writer.key("chats")
        writer.integer(draft.chatLimit)
    }

    /// Whom a message calls: everyone, or these.
    private static func write(_ mentions: [Mention], to writer: inout JSONWriter) {
        guard !mentions.contains(.all), !mentions.contains(.here) else {
            writer.key("everyone")
            writer.bool(true)
            return
        }
        writer.key("users")
        writer.beginArray()
        for case .user(let user) in mentions { writer.integer(user.rawValue) }
        writer.endArray()
    }

    /// A field that is cleared is null; one that stays is left out.
    private static func write(_ change: ChatChange, to writer: inout JSONWriter) {
        func field(_ name: StaticString, _ change: FieldChange?) {
            guard let change else { return }
            writer.key(name)
            if case .set(let text) = change { writer.string(text) } else { writer.null() }
        }
        field("name", change.name)
        field("description", change.description)
        field("avatar_url", change.avatarURL)
        if let visibility = change.visibility {
            writer.key("visibility")
            writer.string(visibility.rawValue)
        }
    }

    /// The draft of a `chat.created` event, whose participants in the log are all members, the founder too.
    static func draft(decoding data: PostgresJSON, founder: UserID) throws(PostgresError) -> ChatDraft {
        do throws(JSONError) {
            var reader = try JSONObjectReader(parsing: data.bytes)
            let participants: [JSONValue] = try reader.required("participants")
            guard let type = ChatType(rawValue: try reader.required("type")),
                let visibility = ChatVisibility(rawValue: try reader.optional("visibility") ?? "private")
            else { throw JSONError(.invalidValue, path: "type", message: "an unknown word") }
            return ChatDraft(
                type: type,
                visibility: visibility,
                name: try reader.optional("name"),
                description: try reader.optional("description"),
                participants: participants.compactMap(Int64.init(json:)).map(UserID.init(rawValue:))
                    .filter { $0 != founder }
            )
        } catch {
            throw PostgresError(.decoding, "an event's data is unreadable at \(error.path): \(error.message)")
        }
    }
}

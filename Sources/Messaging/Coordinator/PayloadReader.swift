internal import Domain
internal import JSON

/// Reads back what `OperationCodec` wrote.
struct PayloadReader {
    private var reader: JSONObjectReader
    private let chat: ChatID

    init(_ reader: JSONObjectReader, chat: ChatID) {
        self.reader = reader
        self.chat = chat
    }

    /// Everything the payload holds; a field nobody wrote is an error.
    mutating func body(of kind: EventKind) throws -> Operation.Body {
        let body: Operation.Body
        switch kind {
        case .chatCreated: body = .createChat(try chatDraft())
        case .messageCreated: body = .createMessage(try messageDraft())
        case .participantRemoved: body = .removeParticipant(UserID(rawValue: try reader.required("remove")))
        case .participantAdded:
            body = .addParticipant(
                ParticipantAddition(
                    user: UserID(rawValue: try reader.required("add")),
                    role: try word("role"),
                    memberLimit: Int(try reader.required("limit", as: Int64.self)),
                    list: try reader.optional("list", as: String.self),
                    entrance: try entrance()
                )
            )
        case .participantUpdated:
            body = .changeRole(UserID(rawValue: try reader.required("user")), to: try word("role"))
        case .chatUpdated: body = .changeChat(try chatChange())
        case .messageUpdated: body = try edit()
        case .messageDeleted:
            _ = try reader.required("delete", as: Int64.self)
            body = .deleteMessage(try oldImage())
        case .messageRestored:
            _ = try reader.required("restore", as: Int64.self)
            body = .restoreMessage(try oldImage())
        case .reactionAdded, .reactionRemoved:
            body = .react(
                SequenceNumber(rawValue: try reader.required("react")),
                emoji: try reader.required("emoji"),
                isOn: try reader.required("on")
            )
        case .pinAdded, .pinRemoved:
            body = .pin(SequenceNumber(rawValue: try reader.required("pin")), isOn: try reader.required("on"))
        }
        try reader.finish()
        return body
    }

    private mutating func entrance() throws -> Entrance? {
        if let code = try reader.optional("invite", as: String.self) { return .invite(code) }
        return try reader.optional("open", as: Bool.self) == true ? .open : nil
    }

    private mutating func messageDraft() throws -> MessageDraft {
        MessageDraft(
            type: try word("message"),
            content: try reader.required("content"),
            replyTo: try Self.sequence("reply_to", &reader),
            threadRoot: try Self.sequence("thread_root", &reader),
            attachments: try ClientFields.attachments(&reader),
            mentions: try ClientFields.mentions(&reader),
            clientMessageID: try reader.optional("client_msg_id", as: String.self).flatMap { OperationID($0) }
        )
    }

    private mutating func chatDraft() throws -> ChatDraft {
        ChatDraft(
            type: try word("chat"),
            visibility: try word("visibility"),
            name: try reader.optional("name"),
            description: try reader.optional("description"),
            participants: try ClientFields.integers(reader.required("participants"), "participants")
                .map(UserID.init(rawValue:))
        )
    }

    private mutating func chatChange() throws -> ChatChange {
        var fields = try reader.requiredObject("change")
        let change = ChatChange(
            name: try Self.change("name", &fields),
            description: try Self.change("description", &fields),
            avatarURL: try Self.change("avatar_url", &fields),
            visibility: try fields.optional("visibility", as: String.self).map { text in
                try Self.value(of: text) as ChatVisibility
            }
        )
        try fields.finish()
        return change
    }

    private mutating func edit() throws -> Operation.Body {
        _ = try reader.required("edit", as: Int64.self)
        let content: String = try reader.required("content")
        let mentions = try ClientFields.changedMentions(&reader)
        return .editMessage(MessageEdit(content: content, mentions: mentions), of: try oldImage())
    }

    private mutating func oldImage() throws -> MessageImage {
        var old = try reader.requiredObject("old")
        guard let operation = OperationID(try old.required("op", as: String.self)) else {
            throw OperationCodec.Unreadable(reason: "no operation")
        }
        let image = MessageImage(
            id: MessageID(chat: chat, sequence: SequenceNumber(rawValue: try old.required("seq"))),
            revision: Offset(rawValue: try old.required("rev")),
            createdOffset: Offset(rawValue: try old.required("offset")),
            sender: UserID(rawValue: try old.required("sender")),
            type: try Self.value(of: old.required("type", as: String.self)),
            content: try old.optional("content"),
            createdAt: Timestamp(milliseconds: try old.required("created_at")),
            editedAt: try old.optional("edited_at", as: Int64.self).map(Timestamp.init(milliseconds:)),
            isDeleted: try old.required("deleted"),
            replyTo: try Self.sequence("reply_to", &old),
            threadRoot: try Self.sequence("thread_root", &old),
            attachments: try ClientFields.attachments(&old),
            mentions: try ClientFields.mentions(&old),
            clientMessageID: try old.optional("client_msg_id", as: String.self).flatMap { OperationID($0) },
            operation: operation
        )
        try old.finish()
        return image
    }

    private static func change(_ name: String, _ reader: inout JSONObjectReader) throws -> FieldChange? {
        switch try reader.field(name, as: String.self) {
        case .absent: nil
        case .null: .clear
        case .value(let text): .set(text)
        }
    }

    private static func sequence(_ name: String, _ reader: inout JSONObjectReader) throws -> SequenceNumber? {
        try reader.optional(name, as: Int64.self).map(SequenceNumber.init(rawValue:))
    }

    private mutating func word<Value: RawRepresentable<String>>(_ name: String) throws -> Value {
        try Self.value(of: reader.required(name))
    }

    private static func value<Value: RawRepresentable<String>>(
        of text: String
    ) throws(OperationCodec.Unreadable) -> Value {
        guard let value = Value(rawValue: text) else { throw OperationCodec.Unreadable(reason: "unknown value") }
        return value
    }
}

internal import JSON

extension ChatEvent {
    /// Reads a durable event; nil when the object has no chat and offset, and so is none.
    init?(type: String, _ fields: ContractFields) throws(DuologueError) {
        guard let chat = try fields.optional("chat_id", as: Int64.self),
            let offset = try fields.optional("offset", as: Int64.self)
        else { return nil }
        self.init(
            chat: DuologueClient.ChatID(rawValue: chat),
            offset: offset,
            // One that cannot be read is told by its name: without it the chat would have a hole for ever.
            kind: (try? Kind(type: type, fields)) ?? .other(type: type)
        )
    }
}

extension ChatEvent.Kind {
    fileprivate init(type: String, _ fields: ContractFields) throws(DuologueError) {
        switch type {
        case "chat.created": self = .chatCreated(try fields.requiredModel("chat"))
        case "chat.updated": self = .chatUpdated(try fields.requiredModel("chat"))
        case "message.new": self = .messageCreated(try fields.requiredModel("message"))
        case "message.updated": self = .messageUpdated(try fields.requiredModel("message"))
        case "message.deleted": self = .messageDeleted(try fields.messageID("message_id"))
        case "reaction.added", "reaction.removed":
            let message = try fields.messageID("message_id")
            let emoji: String = try fields.required("emoji")
            let user = DuologueClient.UserID(rawValue: try fields.required("user_id"))
            self =
                type == "reaction.added"
                ? .reactionAdded(message, emoji: emoji, by: user) : .reactionRemoved(message, emoji: emoji, by: user)
        case "participant.added":
            self = .participantAdded(try fields.requiredModel("participant"), chat: try fields.model("chat"))
        case "participant.updated": self = .participantUpdated(try fields.requiredModel("participant"))
        case "participant.removed":
            self = .participantRemoved(DuologueClient.UserID(rawValue: try fields.required("user_id")))
        case "pin.added": self = .pinAdded(try fields.messageID("message_id"))
        case "pin.removed": self = .pinRemoved(try fields.messageID("message_id"))
        default: self = .other(type: type)
        }
    }
}

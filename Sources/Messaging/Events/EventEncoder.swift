package import Domain
internal import JSON

/// The JSON text of durable events, made once for all who receive them.
package enum EventEncoder {
    /// `message.new`.
    package static func messageCreated(_ message: Message, offset: Offset) -> [UInt8] {
        event(.messageCreated, chat: message.id.chat, offset: offset) {
            $0.key("message")
            $0.message(message)
        }
    }

    /// `chat.created`.
    package static func chatCreated(_ chat: Chat, offset: Offset) -> [UInt8] {
        event(.chatCreated, chat: chat.id, offset: offset) {
            $0.key("chat")
            $0.chat(chat)
        }
    }

    /// `participant.removed`.
    package static func participantRemoved(_ user: UserID, chat: ChatID, offset: Offset) -> [UInt8] {
        event(.participantRemoved, chat: chat, offset: offset) {
            $0.key("user_id")
            $0.integer(user.rawValue)
        }
    }

    private static func event(
        _ kind: EventKind,
        chat: ChatID,
        offset: Offset,
        _ fields: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string(kind.name)
        writer.key("chat_id")
        writer.integer(chat.rawValue)
        writer.key("offset")
        writer.integer(offset.rawValue)
        fields(&writer)
        writer.endObject()
        return writer.bytes
    }
}

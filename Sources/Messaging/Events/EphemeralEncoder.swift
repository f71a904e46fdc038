package import Domain
internal import JSON

/// Makes the ephemeral events of the contract with clients.
package enum EphemeralEncoder {
    /// Somebody begins or ends typing; everyone in the chat but themselves is told.
    package static func typing(_ user: UserID, in chat: ChatID, isTyping: Bool) -> EphemeralEvent {
        var writer = frame(isTyping ? "typing.start" : "typing.stop")
        writer.key("chat_id")
        writer.integer(chat.rawValue)
        writer.key("user_id")
        writer.integer(user.rawValue)
        writer.endObject()
        return EphemeralEvent(to: .chat(chat), excluding: user, payload: writer.bytes)
    }

    /// Somebody has read a chat up to a message; their own devices are among those told.
    package static func receipt(_ mark: ReadMark, to scope: EphemeralEvent.Scope) -> EphemeralEvent {
        var writer = frame("receipt")
        writer.key("chat_id")
        writer.integer(mark.chat.rawValue)
        writer.key("user_id")
        writer.integer(mark.user.rawValue)
        writer.key("read_seq")
        writer.integer(mark.sequence.rawValue)
        writer.endObject()
        return EphemeralEvent(to: scope, payload: writer.bytes)
    }

    private static func frame(_ type: String) -> JSONWriter {
        var writer = JSONWriter(reservingCapacity: 96)
        writer.beginObject()
        writer.key("type")
        writer.string(type)
        return writer
    }
}

package import Domain
internal import JSON

/// The JSON text of durable events, made once for all who receive them.
package enum EventEncoder {
    /// The event of an operation; what it tells beside the operation comes from the commit's facts.
    package static func event(of committed: CommittedOperation) -> [UInt8] {
        let operation = committed.operation
        let facts = committed.allocation.facts
        return event(operation.kind, chat: operation.chat, offset: committed.allocation.offset) { writer in
            switch operation.body {
            case .createChat(let draft):
                writer.key("chat")
                writer.chat(Chat(founding: operation.chat, draft, by: operation.actor, committed.allocation))
            case .createMessage, .editMessage, .restoreMessage:
                guard let image = PostImages.messageImage(of: committed) else { return }
                writer.key("message")
                writer.message(Message(image, facts))
            case .deleteMessage(let old): writer.target(old.id, withSequence: true)
            case .removeParticipant(let user):
                writer.key("user_id")
                writer.integer(user.rawValue)
            case .addParticipant, .changeRole, .changeChat: writer.facts(facts)
            case .react(let sequence, let emoji, _):
                writer.target(MessageID(chat: operation.chat, sequence: sequence))
                writer.key("emoji")
                writer.string(emoji)
                writer.key("user_id")
                writer.integer(operation.actor.rawValue)
            case .pin(let sequence, _): writer.target(MessageID(chat: operation.chat, sequence: sequence))
            }
        }
    }

    /// `message.new` or `message.updated` with the message as it is today.
    package static func message(_ message: Message, kind: EventKind, offset: Offset) -> [UInt8] {
        event(kind, chat: message.id.chat, offset: offset) {
            $0.key("message")
            $0.message(message)
        }
    }

    /// `message.deleted`.
    package static func messageDeleted(_ id: MessageID, offset: Offset) -> [UInt8] {
        event(.messageDeleted, chat: id.chat, offset: offset) { $0.target(id, withSequence: true) }
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

extension JSONWriter {
    fileprivate mutating func target(_ id: MessageID, withSequence: Bool = false) {
        key("message_id")
        string(id.description)
        if withSequence {
            key("seq")
            integer(id.sequence.rawValue)
        }
    }

    fileprivate mutating func facts(_ facts: EventFacts?) {
        switch facts {
        case .participant(let participant, let chat):
            key("participant")
            self.participant(participant)
            if let chat {
                key("chat")
                self.chat(chat)
            }
        case .chat(let chat):
            key("chat")
            self.chat(chat)
        case .message, nil: break
        }
    }
}

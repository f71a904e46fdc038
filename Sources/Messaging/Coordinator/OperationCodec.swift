package import Domain
internal import Hashing
internal import JSON

/// Writes an operation's body into the bytes a redo row keeps, and reads it back in recovery.
///
/// The bytes are JSON, so that an operator can read a stuck row.
package enum OperationCodec {
    /// A payload that this version cannot read.
    package struct Unreadable: Error, Sendable {
        /// What is wrong with it, without its values.
        package let reason: String
    }

    /// An operation with its digest and payload made from its body.
    ///
    /// The digest covers the kind, the target and the client's fields, but not the client's id.
    package static func operation(
        chat: ChatID,
        actor: UserID,
        id: OperationID,
        body: Operation.Body
    ) -> Operation {
        var writer = JSONWriter()
        writer.beginObject()
        var clientMessageID: OperationID?
        switch body {
        case .createChat(let draft): write(draft, to: &writer)
        case .createMessage(let draft):
            write(draft, to: &writer)
            clientMessageID = draft.clientMessageID
        case .removeParticipant(let user):
            writer.key("remove")
            writer.integer(user.rawValue)
        }
        let hash = SHA256.hash(writer.bytes)
        if let clientMessageID {
            writer.key("client_msg_id")
            writer.string(clientMessageID.description)
        }
        writer.endObject()
        return Operation(chat: chat, actor: actor, id: id, hash: hash, body: body, payload: writer.bytes)
    }

    /// The body that a payload of this kind holds.
    package static func body(of kind: EventKind, payload: [UInt8]) throws(Unreadable) -> Operation.Body {
        do {
            var reader = try JSONObjectReader(parsing: payload)
            let body: Operation.Body
            switch kind {
            case .chatCreated: body = .createChat(try chatDraft(&reader))
            case .messageCreated: body = .createMessage(try messageDraft(&reader))
            case .participantRemoved:
                body = .removeParticipant(UserID(rawValue: try reader.required("remove")))
            }
            try reader.finish()
            return body
        } catch let error as JSONError {
            throw Unreadable(reason: "\(error.path): \(error.message)")
        } catch let error as Unreadable {
            throw error
        } catch {
            throw Unreadable(reason: "not a payload")
        }
    }

    private static func write(_ draft: MessageDraft, to writer: inout JSONWriter) {
        writer.key("message")
        writer.string(draft.type.rawValue)
        writer.key("content")
        writer.string(draft.content)
        if let replyTo = draft.replyTo {
            writer.key("reply_to")
            writer.integer(replyTo.rawValue)
        }
        if let root = draft.threadRoot {
            writer.key("thread_root")
            writer.integer(root.rawValue)
        }
        if !draft.attachments.isEmpty {
            writer.key("attachments")
            writer.attachments(draft.attachments)
        }
        if !draft.mentions.isEmpty {
            writer.key("mentions")
            writer.mentions(draft.mentions)
        }
    }

    private static func write(_ draft: ChatDraft, to writer: inout JSONWriter) {
        writer.key("chat")
        writer.string(draft.type.rawValue)
        writer.key("visibility")
        writer.string(draft.visibility.rawValue)
        writer.key("name")
        writer.string(draft.name)
        writer.key("description")
        writer.string(draft.description)
        writer.key("participants")
        writer.beginArray()
        for user in draft.participants { writer.integer(user.rawValue) }
        writer.endArray()
    }

    private static func messageDraft(_ reader: inout JSONObjectReader) throws -> MessageDraft {
        MessageDraft(
            type: try value(of: reader.required("message")),
            content: try reader.required("content"),
            replyTo: try reader.optional("reply_to", as: Int64.self).map(SequenceNumber.init(rawValue:)),
            threadRoot: try reader.optional("thread_root", as: Int64.self).map(SequenceNumber.init(rawValue:)),
            attachments: try ClientFields.attachments(&reader),
            mentions: try ClientFields.mentions(&reader),
            clientMessageID: try reader.optional("client_msg_id", as: String.self).flatMap { OperationID($0) }
        )
    }

    private static func chatDraft(_ reader: inout JSONObjectReader) throws -> ChatDraft {
        ChatDraft(
            type: try value(of: reader.required("chat")),
            visibility: try value(of: reader.required("visibility")),
            name: try reader.optional("name"),
            description: try reader.optional("description"),
            participants: try ClientFields.integers(reader.required("participants"), "participants")
                .map(UserID.init(rawValue:))
        )
    }

    private static func value<Value: RawRepresentable<String>>(of text: String) throws(Unreadable) -> Value {
        guard let value = Value(rawValue: text) else { throw Unreadable(reason: "unknown value") }
        return value
    }
}

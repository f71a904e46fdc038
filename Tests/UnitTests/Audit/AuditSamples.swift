import Audit
import Domain
import Messaging

/// Messages, events and what Postgres knows of them, all in order until a test changes something.
enum AuditSample {
    static let chat = ChatID(rawValue: 42)
    static let id = MessageID(chat: chat, sequence: SequenceNumber(rawValue: 3))
    static let sender = UserID(rawValue: 7)
    static let operation = OperationID.random()
    static let at = Timestamp(milliseconds: 1_000)

    /// The document of a message as it was sent.
    static let image = MessageImage(
        id: id,
        revision: Offset(rawValue: 5),
        createdOffset: Offset(rawValue: 5),
        sender: sender,
        type: .text,
        content: "hello",
        createdAt: at,
        replyTo: SequenceNumber(rawValue: 1),
        mentions: [.here],
        clientMessageID: operation,
        operation: operation
    )

    /// What Postgres knows of it.
    static func facts() -> MessageFacts {
        MessageFacts(
            id: id,
            sender: sender,
            type: .text,
            offset: Offset(rawValue: 5),
            revision: Offset(rawValue: 5),
            createdAt: at,
            replyTo: SequenceNumber(rawValue: 1),
            created: EventRecord(
                offset: Offset(rawValue: 5),
                kind: .messageCreated,
                sequence: id.sequence,
                actor: sender,
                operation: operation,
                hash: MessageComparison.hash(ofNew: image),
                at: at
            )
        )
    }

    /// An event that changed the message at `offset`.
    static func change(_ kind: EventKind, at offset: Int64, hash: [UInt8] = []) -> EventRecord {
        EventRecord(
            offset: Offset(rawValue: offset),
            kind: kind,
            sequence: id.sequence,
            actor: sender,
            operation: .random(),
            hash: hash,
            at: Timestamp(milliseconds: 1_000 + offset)
        )
    }

    /// The message after an edit that said `content`: what Postgres knows, and the document.
    static func edited(_ content: String, mentions: [Mention]? = nil) -> (MessageFacts, MessageImage) {
        let body = Operation.Body.editMessage(MessageEdit(content: content, mentions: mentions), of: image)
        let event = change(.messageUpdated, at: 8, hash: OperationCodec.hash(of: body))
        var (facts, image) = (facts(), image)
        facts.revision = event.offset
        facts.changed = event
        facts.edited = event
        facts.editedAt = event.at
        image.revision = event.offset
        image.content = content
        image.mentions = mentions ?? image.mentions
        image.editedAt = event.at
        image.operation = event.operation
        return (facts, image)
    }

    /// The message after its deletion.
    static func deleted() -> (MessageFacts, MessageImage) {
        let event = change(.messageDeleted, at: 9)
        var (facts, image) = (facts(), image)
        facts.revision = event.offset
        facts.changed = event
        facts.isDeleted = true
        image.revision = event.offset
        image.isDeleted = true
        image.operation = event.operation
        return (facts, image)
    }
}

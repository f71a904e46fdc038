/// A whole document as it shall stand in MongoDB after an event; writing it twice, or late, does no harm.
package enum PostImage: Sendable, Equatable {
    /// Replaces the message unless a newer one stands there.
    case message(MessageImage)
}

/// The document of a message.
package struct MessageImage: Sendable, Equatable {
    package var id: MessageID
    /// The offset of the event that made this body.
    package var revision: Offset
    /// The offset of the event that made the message.
    package var createdOffset: Offset
    package var sender: UserID
    package var type: MessageType
    package var content: String?
    package var createdAt: Timestamp
    package var editedAt: Timestamp?
    package var isDeleted: Bool
    package var replyTo: SequenceNumber?
    package var threadRoot: SequenceNumber?
    package var attachments: [Attachment]
    package var mentions: [Mention]
    package var clientMessageID: OperationID?
    /// The operation of the event that made this body.
    package var operation: OperationID

    /// Makes an image of all its fields.
    package init(
        id: MessageID,
        revision: Offset,
        createdOffset: Offset,
        sender: UserID,
        type: MessageType,
        content: String?,
        createdAt: Timestamp,
        editedAt: Timestamp? = nil,
        isDeleted: Bool = false,
        replyTo: SequenceNumber? = nil,
        threadRoot: SequenceNumber? = nil,
        attachments: [Attachment] = [],
        mentions: [Mention] = [],
        clientMessageID: OperationID?,
        operation: OperationID
    ) {
        self.id = id
        self.revision = revision
        self.createdOffset = createdOffset
        self.sender = sender
        self.type = type
        self.content = content
        self.createdAt = createdAt
        self.editedAt = editedAt
        self.isDeleted = isDeleted
        self.replyTo = replyTo
        self.threadRoot = threadRoot
        self.attachments = attachments
        self.mentions = mentions
        self.clientMessageID = clientMessageID
        self.operation = operation
    }
}

/// A whole document as it shall stand in MongoDB after an event; writing it twice, or late, does no harm.
package enum PostImage: Sendable, Equatable {
    /// Replaces the message unless a newer one stands there.
    case message(MessageImage)
    /// Keeps what a message said before an edit; the first one stands.
    case revision(RevisionImage)
    /// Replaces one user's emoji on a message unless a newer one stands there.
    case reaction(ReactionImage)
    /// Replaces the summary of a thread unless a newer one stands there.
    case thread(ThreadImage)
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

/// What a message said before an edit.
package struct RevisionImage: Sendable, Equatable {
    package var message: MessageID
    /// The revision that had this content.
    package var revision: Offset
    /// Nil once it is purged.
    package var content: String?
    package var editedBy: UserID
    /// When it was replaced.
    package var at: Timestamp

    /// Makes an image of all its fields.
    package init(message: MessageID, revision: Offset, content: String?, editedBy: UserID, at: Timestamp) {
        self.message = message
        self.revision = revision
        self.content = content
        self.editedBy = editedBy
        self.at = at
    }
}

/// Names one user's emoji on a message.
package struct ReactionID: Sendable, Hashable {
    package var message: MessageID
    package var user: UserID
    package var emoji: String

    /// Makes an id of all its fields.
    package init(message: MessageID, user: UserID, emoji: String) {
        self.message = message
        self.user = user
        self.emoji = emoji
    }
}

/// One user's emoji on a message; a removed one stays with `isOn` false.
package struct ReactionImage: Sendable, Equatable {
    package var id: ReactionID
    package var isOn: Bool
    /// The offset of the event that set it.
    package var revision: Offset
    package var at: Timestamp

    /// Makes an image of all its fields.
    package init(id: ReactionID, isOn: Bool, revision: Offset, at: Timestamp) {
        self.id = id
        self.isOn = isOn
        self.revision = revision
        self.at = at
    }
}

/// The summary of a thread.
package struct ThreadImage: Sendable, Equatable {
    package var chat: ChatID
    package var state: ThreadState
    /// The offset of the event that made it.
    package var revision: Offset

    /// Makes an image of all its fields.
    package init(chat: ChatID, state: ThreadState, revision: Offset) {
        self.chat = chat
        self.state = state
        self.revision = revision
    }
}

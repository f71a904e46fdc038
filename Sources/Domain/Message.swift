/// What a message carries.
package enum MessageType: String, Sendable, CaseIterable {
    case text, image, file, audio, video, system, call

    /// Whether clients may send it; `system` and `call` are the server's.
    package var isSendable: Bool { self != .system && self != .call }
}

/// A file that goes with a message; the bytes are elsewhere.
package struct Attachment: Sendable, Equatable {
    package var mediaID: String
    package var kind: String
    package var name: String
    package var contentType: String
    package var sizeBytes: Int64
    package var width: Int64?
    package var height: Int64?
    package var durationMilliseconds: Int64?

    /// Makes an attachment of all its fields.
    package init(
        mediaID: String,
        kind: String,
        name: String,
        contentType: String,
        sizeBytes: Int64,
        width: Int64? = nil,
        height: Int64? = nil,
        durationMilliseconds: Int64? = nil
    ) {
        self.mediaID = mediaID
        self.kind = kind
        self.name = name
        self.contentType = contentType
        self.sizeBytes = sizeBytes
        self.width = width
        self.height = height
        self.durationMilliseconds = durationMilliseconds
    }
}

/// Who a message calls by name.
package enum Mention: Sendable, Equatable {
    /// One user.
    case user(UserID)
    /// Everyone who is online.
    case here
    /// Every member.
    case all
}

/// How many used one emoji on a message, and the first of them.
package struct ReactionSummary: Sendable, Equatable {
    package var emoji: String
    package var count: Int
    /// At most the first 20.
    package var users: [UserID]

    /// Makes a summary of all its fields.
    package init(emoji: String, count: Int, users: [UserID]) {
        self.emoji = emoji
        self.count = count
        self.users = users
    }
}

/// A message as clients see it.
///
/// A deleted one keeps its place as a tombstone without content.
package struct Message: Sendable, Equatable {
    package var id: MessageID
    /// The offset of the event that made it.
    package var offset: Offset
    /// The offset of the last change of its body.
    package var revision: Offset
    package var sender: UserID
    package var type: MessageType
    /// Nil in a tombstone.
    package var content: String?
    package var createdAt: Timestamp
    package var editedAt: Timestamp?
    package var isDeleted: Bool
    package var replyTo: SequenceNumber?
    package var threadRoot: SequenceNumber?
    package var replyCount: Int
    package var lastReply: SequenceNumber?
    package var reactions: [ReactionSummary]
    package var attachments: [Attachment]
    package var mentions: [Mention]
    /// The id its sender's client gave it.
    package var clientMessageID: OperationID?

    /// Makes a message of all its fields.
    package init(
        id: MessageID,
        offset: Offset,
        revision: Offset,
        sender: UserID,
        type: MessageType,
        content: String?,
        createdAt: Timestamp,
        editedAt: Timestamp? = nil,
        isDeleted: Bool = false,
        replyTo: SequenceNumber? = nil,
        threadRoot: SequenceNumber? = nil,
        replyCount: Int = 0,
        lastReply: SequenceNumber? = nil,
        reactions: [ReactionSummary] = [],
        attachments: [Attachment] = [],
        mentions: [Mention] = [],
        clientMessageID: OperationID? = nil
    ) {
        self.id = id
        self.offset = offset
        self.revision = revision
        self.sender = sender
        self.type = type
        self.content = content
        self.createdAt = createdAt
        self.editedAt = editedAt
        self.isDeleted = isDeleted
        self.replyTo = replyTo
        self.threadRoot = threadRoot
        self.replyCount = replyCount
        self.lastReply = lastReply
        self.reactions = reactions
        self.attachments = attachments
        self.mentions = mentions
        self.clientMessageID = clientMessageID
    }
}

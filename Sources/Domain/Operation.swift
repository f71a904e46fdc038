/// What a durable event is; the raw value is what `chat_events.kind` holds.
package enum EventKind: Int16, Sendable, CaseIterable {
    case chatCreated = 1
    case messageCreated = 2
    case participantRemoved = 3

    /// The type clients know the event by.
    package var name: String {
        switch self {
        case .chatCreated: "chat.created"
        case .messageCreated: "message.new"
        case .participantRemoved: "participant.removed"
        }
    }
}

/// What a sender wants said: a message before it has a place.
package struct MessageDraft: Sendable, Equatable {
    package var type: MessageType
    package var content: String
    package var replyTo: SequenceNumber?
    package var threadRoot: SequenceNumber?
    package var attachments: [Attachment]
    package var mentions: [Mention]
    /// The id the client gave, when it gave one.
    package var clientMessageID: OperationID?

    /// Makes a draft of all its fields.
    package init(
        type: MessageType = .text,
        content: String,
        replyTo: SequenceNumber? = nil,
        threadRoot: SequenceNumber? = nil,
        attachments: [Attachment] = [],
        mentions: [Mention] = [],
        clientMessageID: OperationID? = nil
    ) {
        self.type = type
        self.content = content
        self.replyTo = replyTo
        self.threadRoot = threadRoot
        self.attachments = attachments
        self.mentions = mentions
        self.clientMessageID = clientMessageID
    }
}

/// What the founder of a chat asks for.
package struct ChatDraft: Sendable, Equatable {
    package var type: ChatType
    package var visibility: ChatVisibility
    package var name: String?
    package var description: String?
    /// Everyone else who is in it from the start, without the founder, each once.
    package var participants: [UserID]

    /// Makes a draft of all its fields.
    package init(
        type: ChatType,
        visibility: ChatVisibility = .private,
        name: String? = nil,
        description: String? = nil,
        participants: [UserID]
    ) {
        self.type = type
        self.visibility = visibility
        self.name = name
        self.description = description
        self.participants = participants
    }
}

/// One durable write somebody asks for: the unit the coordinator commits, applies and announces.
package struct Operation: Sendable, Equatable {
    /// What is to be done.
    package enum Body: Sendable, Equatable {
        case createChat(ChatDraft)
        case createMessage(MessageDraft)
        case removeParticipant(UserID)
    }

    package var chat: ChatID
    package var actor: UserID
    /// The key of exactly-once within the chat and its actor.
    package var id: OperationID
    /// A digest of kind, target and the parsed client fields: the same id with another digest is a mistake.
    package var hash: [UInt8]
    package var body: Body
    /// `body` as the redo row keeps it.
    package var payload: [UInt8]

    /// Makes an operation of all its fields.
    package init(chat: ChatID, actor: UserID, id: OperationID, hash: [UInt8], body: Body, payload: [UInt8]) {
        self.chat = chat
        self.actor = actor
        self.id = id
        self.hash = hash
        self.body = body
        self.payload = payload
    }

    /// The kind of event it becomes.
    package var kind: EventKind {
        switch body {
        case .createChat: .chatCreated
        case .createMessage: .messageCreated
        case .removeParticipant: .participantRemoved
        }
    }
}

/// The place the commit gave an operation.
package struct Allocation: Sendable, Equatable {
    package var offset: Offset
    /// For messages only.
    package var sequence: SequenceNumber?
    package var at: Timestamp

    /// Makes an allocation of all its fields.
    package init(offset: Offset, sequence: SequenceNumber?, at: Timestamp) {
        self.offset = offset
        self.sequence = sequence
        self.at = at
    }
}

/// An operation that is decided: all that is needed to finish it, now or in recovery.
package struct CommittedOperation: Sendable, Equatable {
    package var operation: Operation
    package var allocation: Allocation

    /// Joins an operation with its place.
    package init(operation: Operation, allocation: Allocation) {
        self.operation = operation
        self.allocation = allocation
    }
}

/// A row of the redo table: committed operations that may not yet be in MongoDB or announced.
package struct RedoBatch: Sendable, Equatable {
    package var id: BatchID
    package var operations: [CommittedOperation]
    /// How often a recovery has taken it.
    package var attempts: Int

    /// Makes a batch of all its fields.
    package init(id: BatchID, operations: [CommittedOperation], attempts: Int = 0) {
        self.id = id
        self.operations = operations
        self.attempts = attempts
    }
}

/// What the batch function decided for one operation.
package enum CommitResult: Sendable, Equatable {
    /// It has its place now.
    case committed(Allocation)
    /// The same operation was committed before; `pending` names the redo row that still holds it, if one does.
    case duplicate(Allocation, pending: BatchID?)
    /// The pair's direct chat exists already.
    case existingChat(ChatID)
    /// Another node holds the chat's lock: to be tried again, waiting.
    case busy
    /// Refused; nothing was written for it.
    case refused(Failure)
}

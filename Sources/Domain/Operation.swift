/// One durable write somebody asks for: the unit the coordinator commits, applies and announces.
package struct Operation: Sendable, Equatable {
    /// What is to be done.
    package enum Body: Sendable, Equatable {
        case createChat(ChatDraft)
        case createMessage(MessageDraft)
        case removeParticipant(UserID)
        case addParticipant(ParticipantAddition)
        case changeRole(UserID, to: Role)
        case changeChat(ChatChange)
        /// With the message as it was read before: its post-image is made of both.
        case editMessage(MessageEdit, of: MessageImage)
        case deleteMessage(MessageImage)
        case restoreMessage(MessageImage)
        case react(SequenceNumber, emoji: String, isOn: Bool)
        case pin(SequenceNumber, isOn: Bool)
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
        case .addParticipant: .participantAdded
        case .changeRole: .participantUpdated
        case .changeChat: .chatUpdated
        case .editMessage: .messageUpdated
        case .deleteMessage: .messageDeleted
        case .restoreMessage: .messageRestored
        case .react(_, _, let isOn): isOn ? .reactionAdded : .reactionRemoved
        case .pin(_, let isOn): isOn ? .pinAdded : .pinRemoved
        }
    }

    /// The message that exists already and that it is about.
    package var target: SequenceNumber? {
        switch body {
        case .editMessage(_, let old), .deleteMessage(let old), .restoreMessage(let old): old.id.sequence
        case .react(let sequence, _, _), .pin(let sequence, _): sequence
        case .createChat, .createMessage, .removeParticipant, .addParticipant, .changeRole, .changeChat: nil
        }
    }

    /// The member it is about.
    package var targetUser: UserID? {
        switch body {
        case .removeParticipant(let user), .changeRole(let user, _): user
        case .addParticipant(let addition): addition.user
        default: nil
        }
    }

    /// The revision its old document had when it was read; the commit refuses the operation when there is a newer one.
    package var expectedRevision: Offset? {
        switch body {
        case .editMessage(_, let old), .deleteMessage(let old), .restoreMessage(let old): old.revision
        default: nil
        }
    }
}

/// The place the commit gave an operation, and what it found out for what follows.
package struct Allocation: Sendable, Equatable {
    package var offset: Offset
    /// For new messages only.
    package var sequence: SequenceNumber?
    package var at: Timestamp
    /// For replies that came, went or came back: their thread after it.
    package var thread: ThreadState?
    /// What the announcement tells beside the operation itself.
    package var facts: EventFacts?

    /// Makes an allocation of all its fields.
    package init(
        offset: Offset,
        sequence: SequenceNumber?,
        at: Timestamp,
        thread: ThreadState? = nil,
        facts: EventFacts? = nil
    ) {
        self.offset = offset
        self.sequence = sequence
        self.at = at
        self.thread = thread
        self.facts = facts
    }
}

/// A thread as one event left it; deleted replies do not count.
package struct ThreadState: Sendable, Equatable {
    package var root: SequenceNumber
    package var replyCount: Int
    package var lastReply: SequenceNumber?
    package var lastReplyAt: Timestamp?

    /// Makes a state of all its fields.
    package init(root: SequenceNumber, replyCount: Int, lastReply: SequenceNumber?, lastReplyAt: Timestamp?) {
        self.root = root
        self.replyCount = replyCount
        self.lastReply = lastReply
        self.lastReplyAt = lastReplyAt
    }
}

/// What the commit saw under the chat's lock that an announcement needs, exact as of its offset.
package enum EventFacts: Sendable, Equatable {
    /// Of an updated or restored message: what its document does not hold.
    case message(replyCount: Int, lastReply: SequenceNumber?, reactions: [ReactionSummary])
    /// Of a changed chat.
    case chat(Chat)
    /// Of a member who joined, with the chat, or whose role changed, without.
    case participant(Participant, chat: Chat?)
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
    /// The same operation was committed before; this redo row of a quarantined chat holds it, maybe for long.
    case setAside(BatchID)
    /// The pair's direct chat exists already.
    case existingChat(ChatID)
    /// Things are as asked already, by the event at this offset where one is known; no event was made.
    ///
    /// `pending` as of a duplicate.
    case unchanged(Offset?, pending: BatchID?)
    /// The message's body changed since its old document was read: to be read and asked again.
    case moved
    /// Another node holds the chat's lock: to be tried again, waiting, unless that was a wait already.
    case busy
    /// Refused; nothing was written for it.
    case refused(Failure)
}

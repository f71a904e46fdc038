package import Domain

/// An event as far as comparing needs it.
package struct EventRecord: Sendable, Equatable {
    package var offset: Offset
    package var kind: EventKind
    /// Of the message it made or is about.
    package var sequence: SequenceNumber?
    package var actor: UserID
    package var operation: OperationID
    package var hash: [UInt8]
    package var at: Timestamp

    /// Makes facts of all their fields.
    package init(
        offset: Offset,
        kind: EventKind,
        sequence: SequenceNumber?,
        actor: UserID,
        operation: OperationID,
        hash: [UInt8],
        at: Timestamp
    ) {
        self.offset = offset
        self.kind = kind
        self.sequence = sequence
        self.actor = actor
        self.operation = operation
        self.hash = hash
        self.at = at
    }
}

/// What Postgres knows of a message, all at one moment.
package struct MessageFacts: Sendable, Equatable {
    package var id: MessageID
    package var sender: UserID
    package var type: MessageType
    /// Of the event that made it, as the metadata has it.
    package var offset: Offset
    /// Of the event that made its body, as the metadata has it.
    package var revision: Offset
    package var createdAt: Timestamp
    package var editedAt: Timestamp?
    package var isDeleted: Bool
    package var isPurged: Bool
    /// The purge is decided, and may not have reached MongoDB.
    package var isPurgePending: Bool
    package var threadRoot: SequenceNumber?
    package var replyTo: SequenceNumber?
    /// The event at `offset`.
    package var created: EventRecord?
    /// The last event that changed its body.
    package var changed: EventRecord?
    /// The last edit.
    package var edited: EventRecord?
    /// A redo row still holds an operation on it.
    package var isCovered: Bool

    /// Makes facts of all their fields.
    package init(
        id: MessageID,
        sender: UserID,
        type: MessageType,
        offset: Offset,
        revision: Offset,
        createdAt: Timestamp,
        editedAt: Timestamp? = nil,
        isDeleted: Bool = false,
        isPurged: Bool = false,
        isPurgePending: Bool = false,
        threadRoot: SequenceNumber? = nil,
        replyTo: SequenceNumber? = nil,
        created: EventRecord?,
        changed: EventRecord? = nil,
        edited: EventRecord? = nil,
        isCovered: Bool = false
    ) {
        self.id = id
        self.sender = sender
        self.type = type
        self.offset = offset
        self.revision = revision
        self.createdAt = createdAt
        self.editedAt = editedAt
        self.isDeleted = isDeleted
        self.isPurged = isPurged
        self.isPurgePending = isPurgePending
        self.threadRoot = threadRoot
        self.replyTo = replyTo
        self.created = created
        self.changed = changed
        self.edited = edited
        self.isCovered = isCovered
    }

    /// The event whose hash the content has to bear out.
    package var contentEvent: EventRecord? { edited ?? created }

    /// The revision that the events give the body.
    package var provenRevision: Offset { changed?.offset ?? offset }

    /// Whether the events delete it; content that was lost is purged without an event.
    package var isProvenDeleted: Bool { changed?.kind == .messageDeleted || isPurged }

    /// The operation that made the body as it is now.
    package var operation: OperationID? { changed?.operation ?? created?.operation }
}

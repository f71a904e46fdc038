/// A durable event on its way to clients, encoded once for all of them.
package struct Announcement: Sendable, Equatable {
    package var chat: ChatID
    package var offset: Offset
    package var kind: EventKind
    /// The message's number, for events that make one.
    package var sequence: SequenceNumber?
    /// Users the event adds to the chat.
    package var added: [UserID]
    /// Users the event removes from the chat; it is the last event they get.
    package var removed: [UserID]
    /// The JSON text of the event as clients receive it.
    package var payload: [UInt8]

    /// Makes an announcement of all its fields.
    package init(
        chat: ChatID,
        offset: Offset,
        kind: EventKind,
        sequence: SequenceNumber? = nil,
        added: [UserID] = [],
        removed: [UserID] = [],
        payload: [UInt8]
    ) {
        self.chat = chat
        self.offset = offset
        self.kind = kind
        self.sequence = sequence
        self.added = added
        self.removed = removed
        self.payload = payload
    }
}

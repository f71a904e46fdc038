/// What a member is about to say in a chat, the same on all their devices.
package struct SyncedDraft: Sendable, Equatable {
    package var chat: ChatID
    package var content: String
    package var replyTo: SequenceNumber?
    /// When it was written, by the store's clock: of two the later stands.
    package var updatedAt: Timestamp

    /// Makes a draft of all its fields.
    package init(chat: ChatID, content: String, replyTo: SequenceNumber? = nil, updatedAt: Timestamp) {
        self.chat = chat
        self.content = content
        self.replyTo = replyTo
        self.updatedAt = updatedAt
    }
}

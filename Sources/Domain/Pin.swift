/// A message that the members of a chat keep at hand.
package struct Pin: Sendable, Equatable {
    package var message: MessageID
    package var pinnedBy: UserID
    package var pinnedAt: Timestamp

    /// Makes a pin of all its fields.
    package init(message: MessageID, pinnedBy: UserID, pinnedAt: Timestamp) {
        self.message = message
        self.pinnedBy = pinnedBy
        self.pinnedAt = pinnedAt
    }
}

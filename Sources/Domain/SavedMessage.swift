/// A message that a user wants to find again.
package struct SavedMessage: Sendable, Equatable {
    /// Most messages that one user keeps.
    package static let limit = 10_000

    package var message: MessageID
    package var savedAt: Timestamp

    /// Makes a saved message of all its fields.
    package init(message: MessageID, savedAt: Timestamp) {
        self.message = message
        self.savedAt = savedAt
    }
}

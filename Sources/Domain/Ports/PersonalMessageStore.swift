/// What became of a user's wish to mark a message for themselves.
package enum MarkOutcome: Sendable, Equatable {
    /// It is as asked, whether or not it was so before.
    case done
    /// The user is in no such chat.
    case stranger
    /// The chat has no such message for the user.
    case missing
    /// The user has as many as one may have.
    case full
}

/// Which messages users have hidden from themselves, and which they keep to find again.
///
/// Loop-bound. All methods throw `StoreError`. None makes an event; each is one transaction.
package protocol PersonalMessageStore: AnyObject {
    /// Hides a message of any kind from its user, tombstones too, or shows it again.
    func hide(_ message: MessageID, _ isHidden: Bool, for user: UserID) async throws -> MarkOutcome

    /// Keeps a message, which must be neither deleted nor hidden; one that is kept already keeps its place.
    ///
    /// `limit` is the most that a user keeps, those of chats they have left included.
    func save(_ message: MessageID, for user: UserID, limit: Int) async throws -> MarkOutcome

    /// Keeps a message no longer, also one of a chat that the user has left.
    func unsave(_ message: MessageID, for user: UserID) async throws -> MarkOutcome

    /// What the user keeps of the chats that they are in now, the latest kept first, without what is hidden.
    ///
    /// Throws `invalid_value` for a cursor it did not make.
    func saved(by user: UserID, limit: Int, cursor: String?) async throws -> Page<SavedMessage>
}

/// What a question about a draft came to.
package enum DraftOutcome: Sendable, Equatable {
    case draft(SyncedDraft)
    /// There is none.
    case none
    /// The user is in no such chat.
    case stranger
    /// The chat has no such message to reply to.
    case missing
}

/// What members are about to say, at most one draft a member and chat.
///
/// Loop-bound. All methods throw `StoreError`. A draft goes with the membership, in the same transaction.
package protocol DraftStore: AnyObject {
    /// The user's draft; `draft`, `none` or `stranger`.
    func draft(in chat: ChatID, of user: UserID) async throws -> DraftOutcome

    /// Replaces the user's draft, whoever wrote it last; `draft`, `stranger` or `missing`.
    func put(
        _ content: String,
        replyingTo replyTo: SequenceNumber?,
        in chat: ChatID,
        of user: UserID
    ) async throws -> DraftOutcome

    /// Forgets the user's draft; `none` or `stranger`.
    func remove(in chat: ChatID, of user: UserID) async throws -> DraftOutcome
}

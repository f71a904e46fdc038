/// Where the invites of chats are kept; they are used by the commit that takes somebody in.
///
/// Loop-bound. All methods throw `StoreError`, `chat_not_found` for a stranger, and `forbidden` for a member who is neither owner
/// nor admin, or of a direct chat.
package protocol InviteStore: AnyObject {
    /// Keeps an invite under a code that nobody can guess; time is the store's.
    ///
    /// It forgets those of the chat that let nobody in any more. Throws `limit_exceeded` when the chat has `Invite.limit`
    /// others, and `invalid_value` for an end that has passed.
    func make(_ draft: InviteDraft, code: String, in chat: ChatID, by user: UserID) async throws -> Invite

    /// The invites of a chat, oldest first: at most `Invite.limit`, of which some may let nobody in any more.
    func invites(of chat: ChatID, for user: UserID) async throws -> [Invite]

    /// Ends an invite for good; throws `not_found` where the chat has none of this code.
    func revoke(_ code: String, of chat: ChatID, by user: UserID) async throws
}

/// A page of a list and where the next begins.
package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    /// What to pass as `cursor` to go on; nil at the end.
    package var next: String?

    /// Makes a page.
    package init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}

/// Reads of chats and memberships.
///
/// Loop-bound. All methods throw `StoreError`, those that take a cursor also `invalid_value` for one they did not make.
package protocol ChatDirectory: AnyObject {
    /// A chat as the user sees it; nil for a stranger as for a chat that does not exist.
    func chat(_ id: ChatID, for user: UserID) async throws -> Chat?

    /// The first members of a chat, unless it has more than `most`, and the state of the chat, in one statement; nil for a stranger.
    func roster(of id: ChatID, for user: UserID, limit: Int, ifAtMost most: Int) async throws -> Roster?

    /// The user's chats, the latest activity first, without their last messages.
    func chats(of user: UserID, limit: Int, cursor: String?) async throws -> Page<Chat>

    /// The same list without its first `skipped` chats; linear in how many it skips.
    func chats(of user: UserID, limit: Int, skipping skipped: Int) async throws -> Page<Chat>

    /// How many chats the user is in.
    func chatCount(of user: UserID) async throws -> Int

    /// The members in order of joining; nil for a stranger.
    func participants(of id: ChatID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<Participant>?

    /// One member of a chat that the caller is in; nil for somebody who is not in it, and for a caller who is a stranger.
    func participant(_ user: UserID, of id: ChatID, for caller: UserID) async throws -> Participant?

    /// The pinned messages, the latest pin first; nil for a stranger.
    func pins(of id: ChatID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<Pin>?

    /// The direct chat of a pair, if they have one that no block has closed.
    func directChat(of first: UserID, and second: UserID) async throws -> ChatID?

    /// The announced heads of all chats of a user, or of the one that is named, if the user is in it.
    func heads(of user: UserID, only chat: ChatID?) async throws -> [ChatHead]

    /// The announced heads of chats, whoever is in them: what a node compares its own against.
    func announcedOffsets(of chats: [ChatID]) async throws -> [ChatID: Offset]

    /// The memberships of users, those left out whose beginning is not announced yet: what a node compares the chats of its
    /// sockets against.
    func announcedMemberships(of users: [UserID]) async throws -> [MembershipStart]
}

extension ChatDirectory {
    /// Skips by walking the pages before.
    package func chats(of user: UserID, limit: Int, skipping skipped: Int) async throws -> Page<Chat> {
        var rest = skipped
        var cursor: String?
        while rest > 0 {
            let passed = try await chats(of: user, limit: min(rest, 100), cursor: cursor)
            guard let next = passed.next else { return Page(items: [], next: nil) }
            rest -= passed.items.count
            cursor = next
        }
        return try await chats(of: user, limit: limit, cursor: cursor)
    }
}

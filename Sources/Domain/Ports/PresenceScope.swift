/// Decides who may see how present somebody is: the one place for it.
///
/// Who shares a chat may. Chats with more than ``PresenceLimits/chatMembers`` members do not count: each change in them would be told to all of
/// them, which grows with the square of their number.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol PresenceScope: AnyObject {
    /// The chats whose members may see these users.
    func chats(of users: [UserID]) async throws -> [UserID: [ChatID]]

    /// Whom the members of these chats may see; chats that do not count are left out.
    func members(of chats: [ChatID]) async throws -> [ChatID: [UserID]]

    /// What these users keep from some of those who may see them; users who keep nothing are left out.
    func reserves(of users: [UserID]) async throws -> [UserID: PresenceReserve]
}

/// What a user keeps from some of those who may see them.
package struct PresenceReserve: Sendable, Equatable {
    /// Those between whom and the user there is a block: neither sees the other present or typing.
    package var hidden: Set<UserID>
    /// Whether the user wants not everyone to know when they were last seen.
    package var keepsLastSeen: Bool

    /// Makes a reserve of all its fields.
    package init(hidden: Set<UserID> = [], keepsLastSeen: Bool = false) {
        self.hidden = hidden
        self.keepsLastSeen = keepsLastSeen
    }
}

/// The bounds of who sees whom.
package enum PresenceLimits {
    /// The most members of a chat that counts.
    package static let chatMembers = 200
}

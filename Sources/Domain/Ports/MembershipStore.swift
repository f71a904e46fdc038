/// Where members keep what concerns nobody but themselves: the settings of their side of a chat.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol MembershipStore: AnyObject {
    /// Changes a member's side of a chat in one step, and answers it as it is then; nil for a stranger.
    ///
    /// A change of nothing is a read.
    func change(_ change: MembershipChange, of chat: ChatID, for user: UserID) async throws -> MembershipState?
}

/// A member's side of a chat after a change.
package struct MembershipState: Sendable, Equatable {
    package var membership: Membership
    /// Whether it differs from what it was before.
    package var hasChanged: Bool

    /// Joins a membership and what became of it.
    package init(membership: Membership, hasChanged: Bool) {
        self.membership = membership
        self.hasChanged = hasChanged
    }
}

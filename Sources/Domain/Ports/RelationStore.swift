/// Tells two people what they see of each other once a block between them has begun or ended.
///
/// Loop-bound.
package protocol BlockObserver: AnyObject {
    /// Who of these is shown to others as present; all of them where that cannot be found out.
    func present(of users: Set<UserID>) async -> Set<UserID>

    /// The first block between two has begun, or may have; `before`: who of them was present when that was asked before it.
    func blockBegan(between users: Set<UserID>, before: Set<UserID>)

    /// A block between two has ended, or may have; another may remain.
    func blockEnded(between users: Set<UserID>)
}

/// Whom users keep as contacts, and whom they want nothing to do with.
///
/// Loop-bound. All methods throw `StoreError`, those that take a cursor also `invalid_value` for one they did not make. Lists are in the order
/// of adding, the latest first; people are as the user sees them.
package protocol RelationStore: AnyObject {
    /// A user's contacts.
    func contacts(of user: UserID, limit: Int, cursor: String?) async throws -> Page<User>

    /// Keeps somebody as a contact; again changes nothing.
    ///
    /// Throws `user_not_found`, and `limit_exceeded` when there are as many as may be.
    func addContact(_ other: UserID, of user: UserID) async throws

    /// Keeps somebody as a contact no longer; without effect for who is none.
    func removeContact(_ other: UserID, of user: UserID) async throws

    /// Whom a user has blocked.
    func blocks(of user: UserID, limit: Int, cursor: String?) async throws -> Page<User>

    /// Blocks somebody, and closes the direct chat of the two in the same step; again changes nothing.
    ///
    /// Whether it is the first block between two who are in some chat together. Throws `user_not_found`, and `limit_exceeded` when
    /// there are as many as may be.
    func block(_ other: UserID, by user: UserID) async throws -> Bool

    /// Blocks somebody no longer, and opens the direct chat of the two unless the other one blocks, too.
    ///
    /// Whether there was a block; another one, by the other, may remain.
    func unblock(_ other: UserID, by user: UserID) async throws -> Bool
}

/// The bounds of whom users relate to.
package enum RelationLimits {
    package static let contacts = 10_000
    package static let blocks = 1_000
}

/// Where nodes put together what the devices of a user say.
///
/// Loop-bound; each has a voice of its own, so what it says replaces only what it has said before. All methods throw
/// `StoreError`; while the store is away, presence is unknown and nothing else suffers.
///
/// Time is the store's. What is not repeated within its lifetime ends by itself, so nobody stays present whose node has died.
package protocol PresenceStore: AnyObject {
    /// Says how present users are on this loop; what they are over all, in any order.
    ///
    /// A user's change is news at most once a second; one that comes earlier is news of `settle()` later, if it still holds.
    func report(_ reports: [PresenceReport]) async throws -> [PresenceState]

    /// Looks at those for whom something has ended or has waited for its second, up to some hundreds; what they are now.
    func settle() async throws -> [PresenceState]

    /// What others were last told of these users, as others see them; those who are offline are left out.
    func told(of users: [UserID]) async throws -> [UserID: PresenceStatus]
}

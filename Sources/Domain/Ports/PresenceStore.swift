/// Where nodes put together what the devices of a user say.
///
/// Loop-bound; each has a voice of its own, so what it says replaces only what it has said before. While the store, or
/// a part of it, is away, the presence of its users is unknown and nothing else suffers.
///
/// Time is the store's. What is not repeated within its lifetime ends by itself, so nobody stays present whose node has died.
package protocol PresenceStore: AnyObject {
    /// Says how present users are on this loop; what they are over all, in any order.
    ///
    /// A user's change is news at most once a second; one that comes earlier is news of `settle()` later, if it still holds.
    /// What is news may get lost on its way to the caller, who is to ask for `changes()` as well.
    func report(_ reports: [PresenceReport]) async -> PresenceAnswer

    /// Looks at those for whom something has ended or has waited for its second, up to some hundreds; what they are now.
    func settle() async -> PresenceAnswer

    /// The changes that were news to anybody since this was asked last, in their order; the first time, none.
    ///
    /// They come with some delay, so that whoever hears of changes has heard of these, and a change may come twice. Those of
    /// the last minutes come also to who has not asked for as long.
    func changes() async -> PresenceAnswer

    /// What others were last told of these users, as others see them; those who are offline are left out.
    ///
    /// Throws `StoreError`.
    func told(of users: [UserID]) async throws -> [UserID: PresenceStatus]
}

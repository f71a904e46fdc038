/// Finds messages by what they say.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol MessageSearch: AnyObject {
    /// A page of what matches in the chats that the user is in at this moment, the best first: neither deleted, nor changed since it was
    /// indexed, nor hidden by the user. Nil where the user is not in the chat asked for.
    ///
    /// Pages of one search, each asked for by the `next` of the one before, show no message twice, and every one that matches as long
    /// as it does. A page may have fewer than `limit` hits and yet a next.
    ///
    /// Throws `invalid_value` for a cursor it did not make, and `overloaded` while too many searches are under way.
    func search(
        _ criteria: SearchCriteria,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<SearchHit>?
}

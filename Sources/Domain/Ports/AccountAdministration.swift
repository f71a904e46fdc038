/// What operators do to accounts.
///
/// Loop-bound. All methods throw `StoreError`, and answer nil or false for a user nobody is.
package protocol AccountAdministration: AnyObject {
    /// Gives a user a role on the whole installation.
    func setRole(of user: UserID, to role: UserRole) async throws -> Bool

    /// Keeps a user from logging in, from being found and from being written to, and ends all sessions; how many.
    func disable(_ user: UserID) async throws -> Int?

    /// Gives a user another password, whatever the old one, and ends all sessions; how many.
    func resetPassword(of user: UserID, to hash: String) async throws -> Int?
}

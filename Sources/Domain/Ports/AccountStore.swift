/// A login on a device, as the store keeps it.
package struct Session: Sendable, Equatable {
    package var id: SessionID
    package var user: UserID
    package var device: String?
    package var address: String?
    package var expiresAt: Timestamp

    /// Makes a session of all its fields.
    package init(id: SessionID, user: UserID, device: String?, address: String?, expiresAt: Timestamp) {
        self.id = id
        self.user = user
        self.device = device
        self.address = address
        self.expiresAt = expiresAt
    }
}

/// What became of a refresh token.
package enum RotationResult: Sendable, Equatable {
    /// It was the current one; the session now has the new one.
    case rotated(Session)
    /// It was used before: the whole session is revoked now.
    case reused
    /// Unknown, expired or revoked.
    case invalid
}

/// Where accounts and sessions are kept.
///
/// Loop-bound. All methods throw `StoreError`, or the `Failure` named.
package protocol AccountStore: AnyObject {
    /// Makes a user.
    ///
    /// Throws `username_taken` or `email_taken`, both without regard to case.
    func register(username: String, email: String, passwordHash: String, fullName: String?) async throws -> User

    /// The user of this name, or of this address, without regard to case.
    func credentials(username: String) async throws -> Credentials?
    /// The user of this address, without regard to case.
    func credentials(email: String) async throws -> Credentials?

    /// A user by id.
    func user(_ id: UserID) async throws -> User?

    /// Those of the ids that belong to somebody who is not disabled.
    func existing(_ ids: [UserID]) async throws -> Set<UserID>

    /// Replaces the password hash, for upgrades at login.
    func updatePasswordHash(of user: UserID, to hash: String) async throws

    /// Remembers when users were last seen, unless it was later than that.
    func noteSeen(_ times: [(user: UserID, at: Timestamp)]) async throws

    /// Opens a session whose current refresh token has this SHA-256.
    func open(_ session: Session, refreshHash: [UInt8]) async throws

    /// Exchanges a refresh token for the next, in one statement, so that of two at once one is reuse.
    func rotate(refreshHash: [UInt8], to next: [UInt8], expiresAt: Timestamp) async throws -> RotationResult

    /// Ends a session of the user; false when there was none to end.
    func revoke(_ session: SessionID, of user: UserID) async throws -> Bool

    /// Whether the session is open and its user not disabled.
    func isActive(_ session: SessionID) async throws -> Bool
}

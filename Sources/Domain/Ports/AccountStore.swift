/// A login on a device, as the store keeps it.
package struct Session: Sendable, Equatable {
    package var id: SessionID
    package var user: UserID
    package var device: String?
    package var address: String?
    package var expiresAt: Timestamp

    /// How many sessions a user may have.
    package static let limit = 100

    /// Makes a session of all its fields.
    package init(id: SessionID, user: UserID, device: String?, address: String?, expiresAt: Timestamp) {
        self.id = id
        self.user = user
        self.device = device
        self.address = address
        self.expiresAt = expiresAt
    }
}

/// A session as its user sees it in a list.
package struct SessionRecord: Sendable, Equatable {
    package var session: Session
    package var createdAt: Timestamp
    /// When its refresh token was last exchanged or an access token of it last seen, within a minute or so.
    package var lastUsedAt: Timestamp

    /// Makes a record of all its fields.
    package init(session: Session, createdAt: Timestamp, lastUsedAt: Timestamp) {
        self.session = session
        self.createdAt = createdAt
        self.lastUsedAt = lastUsedAt
    }
}

/// What became of a refresh token.
package enum RotationResult: Sendable, Equatable {
    /// It was the current one; the session now has the new one.
    case rotated(Session)
    /// It was used before: the whole session is revoked now.
    case reused(SessionID)
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

    /// Replaces a hash by another of the same password, for upgrades at login; false when the user has another one by now.
    func replacePasswordHash(of user: UserID, from old: String, to new: String) async throws -> Bool

    /// Gives a user another password and ends all sessions but one, in one step; those that it ended, and nil when the user's
    /// hash is not `old` any more.
    func changePassword(
        of user: UserID,
        from old: String,
        to new: String,
        keeping session: SessionID
    ) async throws
        -> [SessionID]?

    /// Remembers when users were last seen, unless it was later than that.
    func noteSeen(_ times: [(user: UserID, at: Timestamp)]) async throws

    /// Opens a session whose current refresh token has this SHA-256, for whoever has shown the password that `passwordHash` is made
    /// of; false when that is not the user's any more, or the user is disabled.
    ///
    /// A change of the password under way is waited for: no session is opened by the old one after it. Ends the user's least
    /// recently used beyond `Session.limit`, at most so many at a time.
    func open(_ session: Session, refreshHash: [UInt8], passwordHash: String?) async throws -> Bool

    /// Whose session has this current refresh token; nil for any other token.
    func holder(refreshHash: [UInt8]) async throws -> UserID?

    /// Exchanges a refresh token for the next, in one statement, so that of two at once one is reuse.
    func rotate(refreshHash: [UInt8], to next: [UInt8], expiresAt: Timestamp) async throws -> RotationResult

    /// Ends a session of the user; false when there was none to end.
    func revoke(_ session: SessionID, of user: UserID) async throws -> Bool

    /// Whether the session is open and its user not disabled.
    func isActive(_ session: SessionID) async throws -> Bool

    /// The open sessions of a user, the latest first.
    ///
    /// Throws `invalid_value` for a cursor it did not make.
    func sessions(of user: UserID, limit: Int, cursor: String?) async throws -> Page<SessionRecord>

    /// The sessions revoked within so long, by the store's clock.
    func revoked(within time: Duration) async throws -> [SessionID]

    /// Remembers when sessions were last used, unless it was later than that.
    func noteUses(_ times: [(session: SessionID, at: Timestamp)]) async throws

    /// Deletes sessions that ended at least so long ago, by the store's clock, with the refresh tokens they used; how many.
    ///
    /// At most `limit`; one with many used tokens may take several calls.
    func forgetSessions(endedFor age: Duration, limit: Int) async throws -> Int
}

extension AccountStore {
    /// Opens a session that no password was shown for.
    package func open(_ session: Session, refreshHash: [UInt8]) async throws {
        _ = try await open(session, refreshHash: refreshHash, passwordHash: nil)
    }
}

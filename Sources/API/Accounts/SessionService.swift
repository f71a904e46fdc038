internal import Domain
internal import Security

/// Opens, refreshes and ends sessions, and issues what proves them.
///
/// Loop-bound. Throws `Failure` and `StoreError`.
final class SessionService {
    /// What a client gets for a login or a refresh.
    struct Grant {
        let accessToken: String
        let refreshToken: String
        /// Seconds until the access token ends.
        let expiresIn: Int64
        let session: SessionID
    }

    private let settings: APISettings
    private let accounts: any AccountStore
    private let tickets: any TicketStore
    private let tokens: AccessTokenAuthority
    private let revoked: RevokedSessions

    init(
        settings: APISettings,
        accounts: any AccountStore,
        tickets: any TicketStore,
        tokens: AccessTokenAuthority,
        revoked: RevokedSessions
    ) {
        self.settings = settings
        self.accounts = accounts
        self.tickets = tickets
        self.tokens = tokens
        self.revoked = revoked
    }

    /// Opens a session for a user who has shown the password that `passwordHash` is made of; nil when that has changed since.
    func open(for user: UserID, passwordHash: String, device: String?, address: String) async throws -> Grant? {
        let now = settings.now()
        let refresh = RefreshToken.generate()
        let session = Session(
            id: .random(),
            user: user,
            device: device,
            address: address,
            expiresAt: now.advanced(by: settings.refreshLifetime)
        )
        guard try await accounts.open(session, refreshHash: refresh.digest, passwordHash: passwordHash) else {
            return nil
        }
        return grant(session, refresh, now)
    }

    /// Whose session has this refresh token; nil for one that is not good now.
    func holder(_ text: String) async throws -> UserID? {
        guard let token = RefreshToken(text) else { return nil }
        return try await accounts.holder(refreshHash: token.digest)
    }

    /// Exchanges a refresh token; a token that was exchanged before ends its session, whoever shows it, and on this node at once.
    ///
    /// A store that rotates has checked that the session is open and its user not disabled.
    func refresh(_ text: String) async throws -> Grant {
        guard let token = RefreshToken(text) else { throw Self.invalidRefreshToken }
        let now = settings.now()
        let next = RefreshToken.generate()
        let end = now.advanced(by: settings.refreshLifetime)
        switch try await accounts.rotate(refreshHash: token.digest, to: next.digest, expiresAt: end) {
        case .rotated(let session): return grant(session, next, now)
        case .reused(let session):
            revoked.add([session])
            throw Failure(.unauthenticated, "The refresh token was used before; the session has ended. Log in again.")
        case .invalid: throw Self.invalidRefreshToken
        }
    }

    /// Ends the caller's session; ending it twice is no mistake.
    ///
    /// Here and below: this node refuses the tokens of what has ended at once, the others when they next ask for revocations.
    func end(_ caller: Caller) async throws {
        _ = try await accounts.revoke(caller.session, of: caller.user)
        revoked.add([caller.session])
    }

    /// Ends a session of the caller's.
    ///
    /// Throws `not_found` for one that is somebody else's, has ended, or never was.
    func end(_ session: SessionID, of caller: Caller) async throws {
        guard try await accounts.revoke(session, of: caller.user) else {
            throw Failure(.notFound, "You have no such session.")
        }
        revoked.add([session])
    }

    /// The caller's open sessions, the latest first.
    func list(of caller: Caller, limit: Int, cursor: String?) async throws -> Page<SessionRecord> {
        try await accounts.sessions(of: caller.user, limit: limit, cursor: cursor)
    }

    /// Replaces the hash of a password and ends the caller's other sessions; false when the hash has changed meanwhile.
    func changePassword(of caller: Caller, from old: String, to new: String) async throws -> Bool {
        let ended = try await accounts.changePassword(of: caller.user, from: old, to: new, keeping: caller.session)
        revoked.add(ended ?? [])
        return ended != nil
    }

    /// Refuses a caller whose session has ended although the access token has not.
    func requireActive(_ caller: Caller) async throws {
        guard try await accounts.isActive(caller.session) else {
            throw Failure(.unauthenticated, "The session has ended. Log in again.")
        }
    }

    /// A ticket that opens one socket for the caller, and how long it may be used.
    func ticket(for caller: Caller) async throws -> (text: String, lifetime: Duration) {
        try await requireActive(caller)
        let ticket = Ticket.generate()
        try await tickets.keep(ticket.digest, for: caller, lifetime: settings.ticketLifetime)
        return (ticket.text, settings.ticketLifetime)
    }

    private func grant(_ session: Session, _ refresh: RefreshToken, _ now: Timestamp) -> Grant {
        let (token, text) = tokens.issue(user: session.user, session: session.id, now: now)
        return Grant(
            accessToken: text,
            refreshToken: refresh.text,
            expiresIn: (token.expiresAt.milliseconds - token.issuedAt.milliseconds) / 1_000,
            session: session.id
        )
    }

    private static let invalidRefreshToken = Failure(.unauthenticated, "The refresh token is not valid. Log in again.")
}

extension Timestamp {
    fileprivate func advanced(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration.components.seconds * 1_000)
    }
}

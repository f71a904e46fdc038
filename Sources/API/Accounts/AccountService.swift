internal import Domain
internal import IOCore
internal import Security

/// Registers people and logs them in.
///
/// Loop-bound; passwords are hashed on a bounded pool, whose refusal is `overloaded`. Throws `Failure`, `SecurityError`,
/// `StoreError` and `IOError`.
final class AccountService {
    private let accounts: any AccountStore
    private let sessions: SessionService
    private let hasher: PasswordHasher
    private let hashing: BlockingPool
    private let throttle: LoginGuard
    private let logger: Logger

    init(
        accounts: any AccountStore,
        sessions: SessionService,
        hasher: PasswordHasher,
        hashing: BlockingPool,
        throttle: LoginGuard,
        logger: Logger
    ) {
        self.accounts = accounts
        self.sessions = sessions
        self.hasher = hasher
        self.hashing = hashing
        self.throttle = throttle
        self.logger = logger
    }

    /// Makes an account.
    func register(_ fields: RegistrationFields) async throws -> User {
        try PasswordPolicy.check(fields.password, username: fields.username, email: fields.email)
        let hasher = hasher
        let hash = try await hashing.run { try hasher.hash(fields.password) }
        return try await accounts.register(
            username: fields.username.text,
            email: fields.email.text,
            passwordHash: hash,
            fullName: fields.fullName
        )
    }

    /// Checks a password and opens a session.
    ///
    /// Throws `invalid_credentials` alike, and after the same work, for a wrong password, an unknown and a disabled
    /// account; `rate_limited` after too many of them.
    func logIn(_ fields: LoginFields, from address: String) async throws -> SessionService.Grant {
        let known = try await credentials(fields.name)
        let account = known.map { "user \($0.user.id)" } ?? fields.name.throttleKey
        try await refuseIfThrottled(account, address)
        let check = try await verify(fields.password, against: known?.passwordHash)
        guard check.isRight, let known, !known.isDisabled else {
            await throttle.recordFailure(account: account, address: address)
            throw Failure(.invalidCredentials, "The name or the password is wrong.")
        }
        // Guesses that were hashed together must gain nothing over guesses in sequence.
        try await refuseIfThrottled(account, address)
        let hash = await upgraded(known, to: check.newHash, fields)
        guard
            let grant = try await sessions.open(
                for: known.user.id,
                passwordHash: hash,
                device: fields.device,
                address: address
            )
        else { throw Failure(.invalidCredentials, "The name or the password is wrong.") }
        return grant
    }

    /// Gives the caller another password and ends the caller's other sessions.
    ///
    /// Throws `invalid_credentials` for a wrong current password, which counts as a failed login from that address, and what
    /// registering throws.
    func changePassword(_ fields: PasswordFields, of caller: Caller, from address: String) async throws {
        try await sessions.requireActive(caller)
        guard let user = try await accounts.user(caller.user),
            let known = try await accounts.credentials(username: user.username)
        else { throw Failure(.unauthenticated, "The session has ended. Log in again.") }
        try PasswordPolicy.check(fields.new, username: Username(user.username), email: EmailAddress(user.email))
        // Not the name that logins count under: whoever guesses there must not keep a caller from a better password.
        let account = "password of user \(caller.user)"
        try await refuseIfThrottled(account, address)
        guard try await verify(fields.current, against: known.passwordHash).isRight else {
            await throttle.recordFailure(account: account, address: address)
            throw Self.wrongPassword
        }
        try await refuseIfThrottled(account, address)
        let hasher = hasher
        let hash = try await hashing.run { try hasher.hash(fields.new) }
        guard try await sessions.changePassword(of: caller, from: known.passwordHash, to: hash) else {
            throw Self.wrongPassword
        }
    }

    private static let wrongPassword = Failure(.invalidCredentials, "The current password is wrong.")

    private func credentials(_ name: LoginFields.Name) async throws -> Credentials? {
        switch name {
        case .username(let username): try await accounts.credentials(username: username.canonical)
        case .email(let email): try await accounts.credentials(email: email.canonical)
        }
    }

    private func refuseIfThrottled(_ account: String, _ address: String) async throws(Failure) {
        guard let wait = await throttle.retryAfter(account: account, address: address) else { return }
        throw Failure(.rateLimited, "Too many wrong passwords; wait before the next try.", retryAfter: wait)
    }

    private func verify(_ password: String, against hash: String?) async throws -> (isRight: Bool, newHash: String?) {
        let hasher = hasher
        return try await hashing.run {
            guard hasher.verify(password, against: hash), let hash else { return (false, nil) }
            return (true, hasher.needsRehash(hash) ? try? hasher.hash(password) : nil)
        }
    }

    /// The hash that the user has from now on; an upgrade that fails is tried again at the next login.
    ///
    /// Of two logins at once the second finds the hash of the first, and goes on with that if it is of the same password.
    private func upgraded(_ known: Credentials, to hash: String?, _ fields: LoginFields) async -> String {
        guard let hash else { return known.passwordHash }
        do {
            let isReplaced = try await accounts.replacePasswordHash(
                of: known.user.id,
                from: known.passwordHash,
                to: hash
            )
            if isReplaced { return hash }
            guard let current = try await credentials(fields.name), current.user.id == known.user.id,
                try await verify(fields.password, against: current.passwordHash).isRight
            else { return known.passwordHash }
            return current.passwordHash
        } catch {
            logger.warning("password hash not replaced", ["error": .string("\(error)")])
            return known.passwordHash
        }
    }
}

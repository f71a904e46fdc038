internal import IOCore
internal import JSON
internal import Web

/// Holds a session's credentials, and renews them in time, once for all who ask.
///
/// Loop-bound.
///
/// A refresh token is good once: two renewals at a time would end the session.
final class CredentialsKeeper {
    private let transport: HTTPTransport
    private let loop: EventLoop
    /// Called with credentials that replace the former.
    var onRenewal: (DuologueClient.Credentials) -> Void = { _ in }
    private var credentials: DuologueClient.Credentials?
    private var renewalTime: ContinuousClock.Instant
    private var end: DuologueError?
    private var isRenewing = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(transport: HTTPTransport, loop: EventLoop, credentials: DuologueClient.Credentials?) {
        self.transport = transport
        self.loop = loop
        self.credentials = credentials
        // How old kept credentials are is not known: one with a lifetime is believed, the server corrects that.
        renewalTime = loop.now + (credentials?.lifetime ?? .zero)
    }

    /// The newest credentials; nil before login.
    var current: DuologueClient.Credentials? { credentials }

    /// When they should be renewed, so that they never end while they are used.
    var timeUntilRenewal: Duration { renewalTime - loop.now }

    /// Takes the credentials of a login.
    func begin(with credentials: DuologueClient.Credentials) {
        self.credentials = credentials
        // A fifth before the end, at most a minute.
        renewalTime = loop.now + credentials.lifetime - min(credentials.lifetime / 5, .seconds(60))
    }

    /// An access token that has not expired.
    ///
    /// - Throws: `sessionEnded` when it cannot be renewed any more, or what kept it from being renewed now.
    func token() async throws(DuologueError) -> String {
        while true {
            if let end { throw end }
            guard let credentials else { throw DuologueError(.sessionEnded, "nobody is logged in") }
            if timeUntilRenewal > .zero { return credentials.accessToken }
            if isRenewing {
                await renewalEnd()
            } else {
                try await renew(credentials)
            }
        }
    }

    /// Has an access token renewed that the server refused, unless that has happened already.
    func expire(_ token: String) {
        if credentials?.accessToken == token { renewalTime = loop.now }
    }

    /// Forgets the credentials.
    func forget(because error: DuologueError) {
        end = error
        credentials = nil
    }

    private func renewalEnd() async {
        await withCheckedContinuation { continuation in
            // Looked at in here: the renewal may end before this closure runs.
            if isRenewing { waiters.append(continuation) } else { continuation.resume() }
        }
    }

    private func renew(_ old: DuologueClient.Credentials) async throws(DuologueError) {
        isRenewing = true
        defer {
            isRenewing = false
            let waiting = waiters
            waiters = []
            for waiter in waiting { waiter.resume() }
        }
        var headers = HTTPHeaders()
        headers.append("Content-Type", "application/json")
        let body = JSONWriter.object { $0.field("refresh_token", old.refreshToken) }
        do throws(DuologueError) {
            let fields = try await transport.call(.post, "/auth/refresh", headers, body)
            let renewed = try DuologueClient.Credentials(fields)
            guard end == nil else { return }
            begin(with: renewed)
            onRenewal(renewed)
        } catch {
            guard !error.isRetryable else { throw error }
            end = DuologueError(.sessionEnded, "the session cannot be renewed: \(error)", status: error.status)
        }
    }
}

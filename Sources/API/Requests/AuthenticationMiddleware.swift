internal import Domain
internal import Security
internal import Web

/// Lets only those pass who show a valid access token, and tells the handlers who they are (RFC 6750).
struct AuthenticationMiddleware: Middleware {
    let tokens: AccessTokenAuthority
    let sessions: SessionService
    let revoked: RevokedSessions
    let uses: SessionUses
    let now: @Sendable () -> Timestamp

    func handle(_ request: HTTPRequest, context: APIContext, next: Next<APIContext>) async throws -> HTTPResponse {
        // Query strings end up in logs and histories; a token there has leaked already (RFC 6750, section 5.3).
        guard try request.queryItems().allSatisfy({ $0.name != "access_token" && $0.name != "token" }) else {
            throw Failure(.unauthenticated, "An access token in the query string is refused.")
        }
        let headers = request.headers.values(of: "Authorization")
        guard headers.count == 1, let text = HTTPHeaders.bearerToken(in: headers[0]) else { throw Failure.noToken }
        var context = context
        do {
            context.caller = try tokens.verify(text, now: now()).caller
        } catch {
            throw Problem(Failure(error), challenge: #"Bearer realm="duologue", error="invalid_token""#)
        }
        if let caller = context.caller { try await check(caller) }
        return try await next(request, context)
    }

    /// Refuses those whose session was revoked; while the node does not know all revocations, every session is looked up.
    private func check(_ caller: Caller) async throws {
        if !revoked.isComplete() { try await sessions.requireActive(caller) }
        guard !revoked.contains(caller.session) else {
            let failure = Failure(.unauthenticated, "The session has ended. Log in again.")
            throw Problem(failure, challenge: #"Bearer realm="duologue", error="invalid_token""#)
        }
        uses.note(caller, at: now())
    }

    func describe(_ description: inout RouteDescription) {
        description.needsToken = true
        description.failures += [RouteFailure(.unauthenticated), RouteFailure(.tokenExpired)]
    }
}

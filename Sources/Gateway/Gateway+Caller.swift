internal import Domain
internal import Security
internal import Web

/// Finds out who asks for a WebSocket.
extension Gateway {
    private static let tokenPrefix = "bearer."
    private static let sessionEnded = Failure(.unauthenticated, "The session has ended. Log in again.")

    /// Whom a handshake proves to be from; nil where only the first frame will tell.
    func caller(of request: HTTPRequest, _ handshake: WebSocketHandshake) async throws -> Caller? {
        let items = try request.queryItems()
        guard !items.contains(where: { $0.name == "access_token" || $0.name == "token" }) else {
            throw Failure(.unauthenticated, "An access token does not belong into a URL.")
        }
        if let ticket = items.first(where: { $0.name == "ticket" })?.value {
            guard let known = Ticket(ticket), let caller = try await tickets.take(known.digest) else {
                throw Failure(.unauthenticated, "The ticket is not valid.")
            }
            guard try await isOpen(caller) else { throw Self.sessionEnded }
            return caller
        }
        if let header = request.headers["authorization"] {
            guard let token = HTTPHeaders.bearerToken(in: header) else {
                throw Failure(.unauthenticated, "Authorization: Bearer <access token> is required.")
            }
            return try await verify(token)
        }
        guard let offer = handshake.offeredSubprotocols.first(where: { $0.hasPrefix(Self.tokenPrefix) }) else {
            return nil
        }
        return try await verify(String(offer.dropFirst(Self.tokenPrefix.count)))
    }

    private func verify(_ token: String) async throws -> Caller {
        let caller: Caller
        do throws(SecurityError) {
            caller = try tokens.verify(token, now: hub.settings.now()).caller
        } catch {
            throw error.code == .expired
                ? Failure(.tokenExpired, "The access token has expired.")
                : Failure(.unauthenticated, "The access token is not valid.")
        }
        guard try await isOpen(caller) else { throw Self.sessionEnded }
        return caller
    }

    /// Whether the session was not revoked since its token or ticket was made; where not all revocations are known, the store says.
    private func isOpen(_ caller: Caller) async throws -> Bool {
        if !revoked.isComplete(), try await !accounts.isActive(caller.session) { return false }
        return !revoked.contains(caller.session)
    }
}

internal import IOCore
internal import JSON
internal import Web

/// The REST API as one user: shows the access token, renews it where it has expired, and tries again what may be.
///
/// Loop-bound.
final class APISession {
    private let transport: HTTPTransport
    private let loop: EventLoop
    let keeper: CredentialsKeeper

    /// How often, and after how long, a request is sent again.
    private struct Patience {
        private var attemptsLeft = 4
        private var backoff = Backoff(initial: .milliseconds(200), maximum: .seconds(5))

        /// Longer waits are the caller's to decide on.
        private static let longestPause = Duration.seconds(10)

        /// Nil when the error is the caller's to know.
        mutating func pause(after error: DuologueError) -> Duration? {
            guard error.isRetryable, attemptsLeft > 0, !Task.isCancelled else { return nil }
            attemptsLeft -= 1
            let pause = max(error.retryAfter ?? .zero, backoff.next())
            return pause <= Self.longestPause ? pause : nil
        }
    }

    init(transport: HTTPTransport, loop: EventLoop, keeper: CredentialsKeeper) {
        self.transport = transport
        self.loop = loop
        self.keeper = keeper
    }

    /// Sends a request under `/api/v1` and returns the fields of the object in the answer.
    ///
    /// A request that changes something carries a key, so that it counts once however often it is sent. It is sent again,
    /// a few times, where the server is busy or the connection broke.
    /// - Throws: the server's problem, or what kept the request from being answered.
    func request(
        _ method: HTTPMethod,
        _ path: RequestPath,
        body: [UInt8]? = nil
    ) async throws(DuologueError) -> ContractFields {
        var headers = HTTPHeaders()
        if body != nil { headers.append("Content-Type", "application/json") }
        if method != .get {
            headers.append("Idempotency-Key", DuologueClient.ClientMessageID().description)
        }
        var patience = Patience()
        while true {
            do throws(DuologueError) {
                return try await authenticated(method, path, headers, body ?? [])
            } catch {
                guard let pause = patience.pause(after: error) else { throw error }
                await loop.sleep(for: pause)
            }
        }
    }

    /// Sends a request of nobody yet; again where the server refused it for now, and so has done nothing.
    ///
    /// - Throws: as `request` does.
    func openRequest(_ path: RequestPath, _ body: [UInt8]) async throws(DuologueError) -> ContractFields {
        let headers = HTTPHeaders([("Content-Type", "application/json")])
        var patience = Patience()
        while true {
            do throws(DuologueError) {
                return try await transport.call(.post, path, headers, body)
            } catch {
                guard error.status != nil, let pause = patience.pause(after: error) else { throw error }
                await loop.sleep(for: pause)
            }
        }
    }

    /// Sends a request as the user; once more with a fresh token where the server refuses the one it has.
    private func authenticated(
        _ method: HTTPMethod,
        _ path: RequestPath,
        _ headers: HTTPHeaders,
        _ body: [UInt8]
    ) async throws(DuologueError) -> ContractFields {
        let token = try await keeper.token()
        do throws(DuologueError) {
            return try await transport.call(method, path, headers.authorized(by: token), body)
        } catch {
            guard error.code == .tokenExpired || error.code == .unauthenticated else { throw error }
            keeper.expire(token)
            let fresh = try await keeper.token()
            return try await transport.call(method, path, headers.authorized(by: fresh), body)
        }
    }
}

extension HTTPHeaders {
    fileprivate func authorized(by token: String) -> HTTPHeaders {
        var headers = self
        headers.append("Authorization", "Bearer \(token)")
        return headers
    }
}

extension HTTPTransport {
    /// Sends one request under `/api/v1` and returns the fields of the object in the answer; none where it is empty.
    ///
    /// - Throws: the server's problem, or as `exchange` does.
    func call(
        _ method: HTTPMethod,
        _ path: RequestPath,
        _ headers: HTTPHeaders,
        _ body: [UInt8]
    ) async throws(DuologueError) -> ContractFields {
        let response = try await exchange(method, "/api/v1" + path.text, headers, body)
        guard (200..<300).contains(response.status.code) else { throw DuologueError(response) }
        guard !response.body.isEmpty else { return ContractFields(JSONObject([])) }
        guard case .object(let object)? = try? JSONValue(parsing: response.body) else {
            throw DuologueError(.contract, "the answer is no JSON object")
        }
        return ContractFields(object)
    }
}

extension DuologueError {
    /// What an answer without success says (RFC 9457), or what its status means where it says nothing.
    init(_ response: HTTPClientResponse) {
        var problem = JSONObject([])
        if case .object(let object)? = try? JSONValue(parsing: response.body) { problem = object }
        let status = response.status.code
        var code = "http_\(status)"
        var detail = "the server answered \(status)"
        var isRetryable = status == 429 || status == 503
        if case .string(let text)? = problem["code"] { code = text }
        if case .string(let text)? = problem["detail"] { detail = text }
        if case .bool(let flag)? = problem["retryable"] { isRetryable = flag }
        self.init(
            Code(rawValue: code),
            detail,
            isRetryable: isRetryable,
            retryAfter: response.headers["retry-after"].flatMap { Int64($0) }.map { .seconds($0) },
            status: status,
            requestID: response.headers["x-request-id"]
        )
    }
}

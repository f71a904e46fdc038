internal import Domain
internal import IOCore
internal import JSON
internal import Web

/// The REST side of one server process, over keep-alive connections that are opened as callers need them.
///
/// Loop-bound. As many connections exist as there were callers at once. A request that the server is too busy for, or
/// that meets a limit, is tried again after the time the server names, a few times.
final class APIClient {
    let server: ServerAddress
    private let loop: EventLoop
    private let resolver: BlockingPool
    private var idle: [HTTPClient] = []

    private static let attempts = 5
    private static let deadline = Duration.seconds(30)

    /// A client without connections.
    init(server: ServerAddress, loop: EventLoop, resolver: BlockingPool) {
        self.server = server
        self.loop = loop
        self.resolver = resolver
    }

    /// Sends a request under `/api/v1` and returns the object in the answer.
    ///
    /// - Throws: `connection`, `timeout`, `refused` with the server's problem, or `contract`.
    func request(
        _ method: HTTPMethod,
        _ path: String,
        token: String? = nil,
        body: [UInt8]? = nil
    ) async throws(LoadError) -> JSONObject {
        var headers = HTTPHeaders()
        if body != nil { headers.append("Content-Type", "application/json") }
        if let token { headers.append("Authorization", "Bearer \(token)") }
        var attempt = 1
        while true {
            let response = try await exchange(method, "/api/v1" + path, headers, body ?? [])
            if (200..<300).contains(response.status.code) { return try Self.object(response, path) }
            let isTransient = response.status == 429 || response.status == 503
            guard isTransient, attempt < Self.attempts else { throw refusal(response, "\(method.name) \(path)") }
            attempt += 1
            let pause = response.headers["retry-after"].flatMap { Int($0) } ?? 1
            await loop.sleep(for: .seconds(min(max(pause, 1), 10)))
        }
    }

    /// Closes the connections nobody uses.
    func close() {
        for connection in idle { connection.close() }
        idle = []
    }

    private func exchange(
        _ method: HTTPMethod,
        _ target: String,
        _ headers: HTTPHeaders,
        _ body: [UInt8]
    ) async throws(LoadError) -> HTTPClientResponse {
        do {
            // A kept connection may have been closed by the server meanwhile; a new one then decides.
            if let kept = idle.popLast() {
                do {
                    return try await exchange(on: kept, method, target, headers, body)
                } catch  where error.code == .closed || error.code == .reset {}
            }
            let fresh = try await HTTPClient.connect(
                host: server.host,
                port: server.port,
                loop: loop,
                resolver: resolver
            )
            return try await exchange(on: fresh, method, target, headers, body)
        } catch {
            let code: LoadError.Code = error.code == .timeout ? .timeout : .connection
            throw LoadError(code, "\(server): \(error.message)", isRetryable: true)
        }
    }

    private func exchange(
        on connection: HTTPClient,
        _ method: HTTPMethod,
        _ target: String,
        _ headers: HTTPHeaders,
        _ body: [UInt8]
    ) async throws(IOError) -> HTTPClientResponse {
        let response = try await connection.send(
            method,
            target,
            headers: headers,
            body: body,
            deadline: Self.deadline
        )
        if response.keepsAlive { idle.append(connection) } else { connection.close() }
        return response
    }

    private static func object(_ response: HTTPClientResponse, _ path: String) throws(LoadError) -> JSONObject {
        guard !response.body.isEmpty else { return JSONObject([]) }
        guard case .object(let object) = try? JSONValue(parsing: response.body) else {
            throw LoadError(.contract, "\(path): the answer is no JSON object")
        }
        return object
    }

    private func refusal(_ response: HTTPClientResponse, _ what: String) -> LoadError {
        var code: String?
        var detail = ""
        var isRetryable = false
        if case .object(let problem) = try? JSONValue(parsing: response.body) {
            if case .string(let text) = problem["code"] { code = text }
            if case .string(let text) = problem["detail"] { detail = ": " + text }
            isRetryable = problem["retryable"] == .bool(true)
        }
        let message = "\(server): \(what) was answered \(response.status.code) \(code ?? "")\(detail)"
        return LoadError(.refused, message, problem: code, isRetryable: isRetryable)
    }
}

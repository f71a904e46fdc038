internal import IOCore
internal import Web

/// Requests to one server, over keep-alive connections that are opened as callers need them, up to a limit.
///
/// Loop-bound.
final class HTTPTransport {
    private let server: ServerURL
    private let runtime: ClientRuntime
    private let deadline: Duration
    private let places: ConnectionPool<Place>
    private var isClosed = false

    /// A place for one connection, which it keeps while the server does.
    private final class Place {
        var connection: HTTPClient?
    }

    private static let connectionLimit = 8
    private static let waiterLimit = 1_000

    init(server: ServerURL, runtime: ClientRuntime, deadline: Duration) {
        self.server = server
        self.runtime = runtime
        self.deadline = deadline
        places = ConnectionPool(loop: runtime.loop, waiterLimit: Self.waiterLimit)
        for _ in 0..<Self.connectionLimit { places.offer(Place()) }
    }

    /// Sends a request and returns the answer, whatever its status.
    ///
    /// - Throws: `connection`, `timeout` or `overloaded`, all retryable.
    func exchange(
        _ method: HTTPMethod,
        _ target: String,
        _ headers: HTTPHeaders,
        _ body: [UInt8]
    ) async throws(DuologueError) -> HTTPClientResponse {
        do throws(IOError) {
            let place = try await places.lease(deadline: deadline)
            defer { places.offer(place) }
            return try await exchange(over: place, method, target, headers, body)
        } catch {
            throw DuologueError(error)
        }
    }

    /// Closes the connections, and takes no more requests.
    func close() {
        isClosed = true
        while let place = places.takeIdle() { place.connection?.close() }
        places.shutdown()
    }

    private func exchange(
        over place: Place,
        _ method: HTTPMethod,
        _ target: String,
        _ headers: HTTPHeaders,
        _ body: [UInt8]
    ) async throws(IOError) -> HTTPClientResponse {
        // A kept connection that has ended meanwhile says so as soon as it is looked at.
        if let kept = place.connection.take(), kept.isOpen {
            return try await exchange(on: kept, in: place, method, target, headers, body)
        }
        let fresh = try await HTTPClient.connect(
            host: server.host,
            port: server.port,
            loop: runtime.loop,
            resolver: runtime.resolver
        )
        return try await exchange(on: fresh, in: place, method, target, headers, body)
    }

    private func exchange(
        on connection: HTTPClient,
        in place: Place,
        _ method: HTTPMethod,
        _ target: String,
        _ headers: HTTPHeaders,
        _ body: [UInt8]
    ) async throws(IOError) -> HTTPClientResponse {
        let response = try await connection.send(method, target, headers: headers, body: body, deadline: deadline)
        if response.keepsAlive, !isClosed { place.connection = connection } else { connection.close() }
        return response
    }
}

extension DuologueError {
    /// What went wrong below HTTP.
    init(_ error: IOError) {
        switch error.code {
        case .timeout: self.init(.timeout, error.message, isRetryable: true)
        case .overloaded: self.init(.overloaded, error.message, isRetryable: true)
        case .shutdown: self.init(.closed, "the client is closed")
        default: self.init(.connection, error.description, isRetryable: true)
        }
    }
}

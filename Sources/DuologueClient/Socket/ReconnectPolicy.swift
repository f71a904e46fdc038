internal import IOCore

/// What follows the end of a connection.
///
/// A value without I/O. Close codes 4001, 4003 and 4010 end the client, 4001 only when a fresh token did not help; all
/// others, and no code at all, are followed by another attempt, after exponential backoff with full jitter.
struct ReconnectPolicy {
    /// How a connection ended, or why there was none.
    enum End: Equatable {
        case closed(code: UInt16, reason: String)
        /// The server answered the handshake with another status than 101.
        case rejected(status: Int)
        case failed(DuologueError)
        /// The program takes events more slowly than they come.
        case consumerTooSlow
    }

    /// What to do.
    enum Step: Equatable {
        case connect(after: Duration, DuologueError)
        case renewCredentials
        case waitForConsumer
        case stop(DuologueError)
    }

    /// How long a connection must have lasted for the next attempts to begin with short delays again.
    static let stableLength = Duration.seconds(5)

    private var backoff: Backoff
    private var hasRenewed = false

    /// Delays grow up to `maximum`; the first is at most `initial`.
    init(initial: Duration, maximum: Duration) { backoff = Backoff(initial: initial, maximum: maximum) }

    /// Notes that the server took the client in.
    mutating func connected() { hasRenewed = false }

    /// The next step; `length` is how long the connection was of use.
    mutating func step(
        after end: End,
        length: Duration,
        using generator: inout some RandomNumberGenerator
    ) -> Step {
        if length >= Self.stableLength { backoff.reset() }
        switch end {
        case .consumerTooSlow: return .waitForConsumer
        case .closed(4001, let reason): return renew(or: reason)
        case .rejected(401): return renew(or: "the server refused the token")
        case .closed(4003, let reason):
            return .stop(DuologueError(.forbidden, Self.text("the server forbids the connection", reason)))
        case .rejected(403): return .stop(DuologueError(.forbidden, "the server forbids the connection"))
        case .closed(4010, let reason):
            return .stop(DuologueError(.sessionEnded, Self.text("the session was revoked", reason)))
        case .failed(let error) where !error.isRetryable: return .stop(error)
        case .failed(let error): return .connect(after: backoff.next(using: &generator), error)
        case .rejected(let status):
            let error = DuologueError(
                .connection,
                "the server answered the handshake with \(status)",
                isRetryable: true,
                status: status
            )
            return .connect(after: backoff.next(using: &generator), error)
        case .closed(let code, let reason):
            let error = DuologueError(
                .connection,
                Self.text("the connection was closed with \(code)", reason),
                isRetryable: true
            )
            return .connect(after: backoff.next(using: &generator), error)
        }
    }

    private mutating func renew(or reason: String) -> Step {
        guard !hasRenewed else {
            return .stop(DuologueError(.sessionEnded, Self.text("a renewed token was refused as well", reason)))
        }
        hasRenewed = true
        return .renewCredentials
    }

    private static func text(_ what: String, _ reason: String) -> String {
        reason.isEmpty ? what : "\(what): \(reason)"
    }
}

/// Why a Redis operation failed.
///
/// The text never holds a password, a key's value or a message body.
package struct RedisError: Error, Equatable, CustomStringConvertible {
    /// The kinds of failure, as far as callers act on them.
    package enum Code: Sendable, Equatable {
        /// There is no connection at the moment; nothing was sent.
        case unavailable
        /// The deadline passed before the reply came; the connection was given up.
        case timeout
        /// A bounded queue is full; nothing was sent.
        case overloaded
        /// The connection ended before the reply came.
        case connectionLost
        /// The server answered with an error whose first word is `prefix`, as in `NOSCRIPT`.
        case server(prefix: String)
        /// The server's bytes were not RESP2, or exceeded a limit.
        case protocolViolation
        /// The reply was well-formed but not of the kind this command has.
        case decoding
        /// The client is shutting down; nothing was sent.
        case shutdown
    }

    /// The kind of failure.
    package let code: Code
    /// A sentence for operators.
    package let message: String
    /// True where the command may or may not have taken effect.
    package let isOutcomeUnknown: Bool

    /// Makes an error whose outcome is known unless told otherwise.
    package init(_ code: Code, _ message: String, isOutcomeUnknown: Bool = false) {
        self.code = code
        self.message = message
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// Makes the error for an error reply, whose first word is its code.
    package init(serverReply text: String) {
        let prefix = text.prefix { $0 != " " }
        // An unknown command is answered with a part of its arguments, which may be secret.
        let safe = text.firstRange(of: ", with args").map { text[..<$0.lowerBound] } ?? text[...]
        self.init(.server(prefix: String(prefix)), String(safe))
    }

    /// True where the same call may succeed later.
    ///
    /// Retryable is not the same as safe: consult ``isOutcomeUnknown`` before repeating a write that is not idempotent.
    package var isRetryable: Bool {
        switch code {
        case .unavailable, .timeout, .overloaded, .connectionLost: true
        case .server(let prefix): Self.passingServerErrors.contains(prefix)
        case .protocolViolation, .decoding, .shutdown: false
        }
    }

    package var description: String {
        "\(code): \(message)"
    }

    private static let passingServerErrors: Set<String> = [
        "LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY",
    ]

    /// The same failure as one caller sees it, whose command may have been a write.
    func seen(byWrite isWrite: Bool) -> RedisError {
        RedisError(code, message, isOutcomeUnknown: isWrite)
    }
}

/// Why an operation on MongoDB failed, and what its caller may conclude.
package struct MongoError: Error, Sendable, Hashable {
    /// What went wrong.
    package enum Code: Sendable, Hashable {
        /// No connection, no server to select, or the connection broke.
        case unavailable
        /// The deadline passed, on either side.
        case timeout
        /// Too many operations wait already; this one was not begun.
        case overloaded
        /// The server stopped being the primary or is going down; another takes over.
        case notPrimary
        /// A unique index holds the key already (11000).
        case duplicateKey
        /// The collection's validator refused the document (121).
        case documentValidation
        /// Written, but not acknowledged as durable as asked (64 and its kin).
        case writeConcern
        /// Any other refusal by the server, with its code.
        case server(Int32)
        /// Bytes, JSON or a field that do not read as expected.
        case decoding
        /// The result is larger than the caller's cap.
        case resultTooLarge
        /// The configuration or the arguments are refused before anything is sent.
        case invalidArgument
        /// The client is shut down.
        case shutdown
    }

    package let code: Code
    /// For people and logs: no credentials and no bodies.
    package let message: String
    /// Whether the same operation may succeed when tried again.
    package let isRetryable: Bool
    /// Whether the server may have applied a write, now or later, although it failed here.
    package let isOutcomeUnknown: Bool

    /// An error whose retryability follows from its code unless the server said otherwise.
    package init(_ code: Code, _ message: String, isRetryable: Bool? = nil, isOutcomeUnknown: Bool = false) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable ?? code.isTransient
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// The same error, of an operation that may have written.
    func withUnknownOutcome() -> MongoError {
        MongoError(code, message, isRetryable: isRetryable, isOutcomeUnknown: true)
    }
}

extension MongoError: CustomStringConvertible {
    /// The code and the message.
    package var description: String {
        "MongoError.\(code): \(message)\(isOutcomeUnknown ? " (outcome unknown)" : "")"
    }
}

extension MongoError.Code {
    /// Whether failures of this kind pass by themselves.
    package var isTransient: Bool {
        switch self {
        case .unavailable, .timeout, .overloaded, .notPrimary, .writeConcern: true
        case .server(let code): Self.transientServerCodes.contains(code)
        default: false
        }
    }

    /// The meaning of a server's error code.
    ///
    /// Source: MongoDB's error_codes.yml and the Retryable Writes specification.
    package init(serverCode: Int32) {
        self =
            switch serverCode {
            case 11_000, 11_001, 12_582: .duplicateKey
            case 121: .documentValidation
            case 50, 262: .timeout
            case 64, 79, 100: .writeConcern
            case 91, 189, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436: .notPrimary
            case 6, 7, 89, 133, 134, 9001: .unavailable
            default: .server(serverCode)
            }
    }

    /// WriteConflict, LockTimeout, CursorNotFound after a failover, StaleConfig, SnapshotUnavailable.
    private static let transientServerCodes: Set<Int32> = [24, 43, 63, 112, 246]
}

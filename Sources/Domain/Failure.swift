/// Why a request was not done, in the words of the contract with clients.
package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The stable codes of the contract.
    package enum Code: String, Sendable, CaseIterable {
        case invalidJSON = "invalid_json"
        case unknownField = "unknown_field"
        case invalidValue = "invalid_value"
        case limitExceeded = "limit_exceeded"
        case unauthenticated
        case tokenExpired = "token_expired"
        case invalidCredentials = "invalid_credentials"
        case forbidden
        case blocked
        case notFound = "not_found"
        case chatNotFound = "chat_not_found"
        case messageNotFound = "message_not_found"
        case userNotFound = "user_not_found"
        case methodNotAllowed = "method_not_allowed"
        case conflict
        case usernameTaken = "username_taken"
        case emailTaken = "email_taken"
        case lastOwner = "last_owner"
        case inFlight = "in_flight"
        case payloadTooLarge = "payload_too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case empty
        case tooLong = "too_long"
        case invalidContent = "invalid_content"
        case idempotencyMismatch = "idempotency_mismatch"
        case rateLimited = "rate_limited"
        case `internal`
        case storeUnavailable = "store_unavailable"
        case overloaded

        /// Whether the same request may succeed later, unchanged.
        package var isRetryable: Bool {
            switch self {
            case .inFlight, .rateLimited, .storeUnavailable, .overloaded: true
            default: false
            }
        }
    }

    /// The stable code.
    package let code: Code
    /// A sentence for the person who wrote the client; holds nobody else's data.
    package let detail: String
    /// How long to wait before trying again, where that is known.
    package let retryAfter: Duration?

    /// Makes a failure; `store_unavailable` and `overloaded` always say when to come back.
    package init(_ code: Code, _ detail: String, retryAfter: Duration? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter ?? (code == .storeUnavailable || code == .overloaded ? .seconds(1) : nil)
    }

    package var description: String { "\(code.rawValue): \(detail)" }

    /// For what is decided in a quarantined chat: it is tried at intervals of up to a minute.
    package static let setAside = Failure(
        .inFlight,
        "The write is stored and waits until its chat is mended; ask again with the same id.",
        retryAfter: .seconds(60)
    )

    /// For the last owner who leaves others behind or steps down: somebody else is to be made owner first.
    package static let lastOwner = Failure(
        .lastOwner,
        "The chat would be left without an owner: give another member the role owner first."
    )

    /// The same answer for a chat that does not exist and one the caller is not in, so that ids reveal nothing.
    package static let chatNotFound = Failure(.chatNotFound, "There is no such chat for you.")
}

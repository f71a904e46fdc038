/// Why something could not be done.
public struct DuologueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A stable name for the reason: one of the server's, or one of the client's own.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The name.
        public let rawValue: String
        /// A code, also one that this version has no name for.
        public init(rawValue: String) { self.rawValue = rawValue }

        // What the client itself finds.

        /// No server could be reached, or the connection ended before the answer; whether a change took place is open.
        public static let connection = Code(rawValue: "connection")
        /// The answer did not come in time; whether a change took place is open.
        public static let timeout = Code(rawValue: "timeout")
        /// The server's answer is not what the contract says.
        public static let contract = Code(rawValue: "contract")
        /// The server's address is not understood.
        public static let invalidServer = Code(rawValue: "invalid_server")
        /// As many messages wait to be sent as may.
        public static let queueFull = Code(rawValue: "queue_full")
        /// The client was closed.
        public static let closed = Code(rawValue: "closed")
        /// The task that waited was cancelled; what it waited for goes on.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The session has ended: log in again.
        public static let sessionEnded = Code(rawValue: "session_ended")

        // What the server says, as far as programs tell it apart.

        /// The token is not valid.
        public static let unauthenticated = Code(rawValue: "unauthenticated")
        /// The access token has expired, and could not be renewed.
        public static let tokenExpired = Code(rawValue: "token_expired")
        /// No such account, or not its password.
        public static let invalidCredentials = Code(rawValue: "invalid_credentials")
        /// The user may not do that.
        public static let forbidden = Code(rawValue: "forbidden")
        /// One of the two has blocked the other.
        public static let blocked = Code(rawValue: "blocked")
        /// There is no such thing.
        public static let notFound = Code(rawValue: "not_found")
        /// There is no such chat, or the user is not in it.
        public static let chatNotFound = Code(rawValue: "chat_not_found")
        /// There is no such message, or it is in no chat of the user.
        public static let messageNotFound = Code(rawValue: "message_not_found")
        /// There is no such user.
        public static let userNotFound = Code(rawValue: "user_not_found")
        /// It does not fit what is there.
        public static let conflict = Code(rawValue: "conflict")
        /// Somebody has the name.
        public static let usernameTaken = Code(rawValue: "username_taken")
        /// Somebody has the address.
        public static let emailTaken = Code(rawValue: "email_taken")
        /// A group needs an owner.
        public static let lastOwner = Code(rawValue: "last_owner")
        /// The same is being done right now.
        public static let inFlight = Code(rawValue: "in_flight")
        /// A text must not be empty.
        public static let empty = Code(rawValue: "empty")
        /// A text is too long.
        public static let tooLong = Code(rawValue: "too_long")
        /// A text holds what it must not.
        public static let invalidContent = Code(rawValue: "invalid_content")
        /// A field is not what it must be.
        public static let invalidValue = Code(rawValue: "invalid_value")
        /// There may be no more of these.
        public static let limitExceeded = Code(rawValue: "limit_exceeded")
        /// The same id was used for something else.
        public static let idempotencyMismatch = Code(rawValue: "idempotency_mismatch")
        /// Too many requests in a short time.
        public static let rateLimited = Code(rawValue: "rate_limited")
        /// The server cannot reach a store.
        public static let storeUnavailable = Code(rawValue: "store_unavailable")
        /// The server, or the client, has too much to do.
        public static let overloaded = Code(rawValue: "overloaded")
    }

    /// What happened, for code.
    public let code: Code
    /// What happened, for people; never a password, a token or a message.
    public let message: String
    /// Whether the same may work later.
    public let isRetryable: Bool
    /// How long the server asks to wait before that.
    public let retryAfter: Duration?
    /// The HTTP status, where the server answered a request.
    public let status: Int?
    /// What the server's logs know the request by.
    public let requestID: String?

    /// An error of a code and a sentence for people.
    public init(
        _ code: Code,
        _ message: String,
        isRetryable: Bool = false,
        retryAfter: Duration? = nil,
        status: Int? = nil,
        requestID: String? = nil
    ) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
        self.retryAfter = retryAfter
        self.status = status
        self.requestID = requestID
    }

    /// The code and the sentence.
    public var description: String { "\(code.rawValue): \(message)" }
}

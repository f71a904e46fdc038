extension DuologueClient {
    /// A person with an account.
    public struct User: Sendable, Identifiable, Hashable {
        /// The user.
        public let id: UserID
        /// Unique without regard to case.
        public let username: String
        /// The name shown to others.
        public let fullName: String?
        /// A picture.
        public let avatarURL: String?
        /// What the user says of themself.
        public let statusText: String?
        /// When the account was made.
        public let createdAt: Timestamp
        /// When the user was last there, as far as that may be known.
        public let lastSeen: Timestamp?
        /// Only in one's own.
        public let email: String?
    }
}

extension DuologueClient.User: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        id = DuologueClient.UserID(rawValue: try fields.required("user_id"))
        username = try fields.required("username")
        fullName = try fields.optional("full_name")
        avatarURL = try fields.optional("avatar_url")
        statusText = try fields.optional("status_text")
        createdAt = try fields.time("created_at")
        lastSeen = try fields.optionalTime("last_seen")
        email = try fields.optional("email")
    }
}

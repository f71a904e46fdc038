extension DuologueClient {
    /// Somebody in a chat.
    public struct Participant: Sendable, Identifiable, Hashable {
        /// The user.
        public let id: UserID
        /// The user's name.
        public let username: String
        /// What the user may do here.
        public let role: Role
        /// When the user came in.
        public let joinedAt: Timestamp
    }
}

extension DuologueClient.Participant: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        id = DuologueClient.UserID(rawValue: try fields.required("user_id"))
        username = try fields.required("username")
        role = DuologueClient.Role(rawValue: try fields.required("role"))
        joinedAt = try fields.time("joined_at")
    }
}

extension DuologueClient {
    /// A conversation.
    public struct Chat: Sendable, Identifiable, Hashable {
        /// The chat.
        public let id: ChatID
        /// `direct` or `group`.
        public let type: String
        /// `private` or `public`.
        public let visibility: String
        /// Nil for a direct chat.
        public let name: String?
        /// What the chat is about.
        public let summary: String?
        /// A picture.
        public let avatarURL: String?
        /// When it was made.
        public let createdAt: Timestamp
        /// When it last changed, messages included.
        public let updatedAt: Timestamp
        /// Who made it.
        public let createdBy: UserID
        /// The place of its newest message; 0 before the first.
        public let lastSequence: Int64
        /// Its newest event.
        public let lastOffset: Int64
        /// How many are in it.
        public let participantCount: Int
        /// The caller's own side of it; nil in events.
        public let membership: Membership?
        /// Its newest message; nil in events, and before the first.
        public let lastMessage: Message?
    }
}

extension DuologueClient.Chat: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        id = DuologueClient.ChatID(rawValue: try fields.required("chat_id"))
        type = try fields.required("type")
        visibility = try fields.required("visibility")
        name = try fields.optional("name")
        summary = try fields.optional("description")
        avatarURL = try fields.optional("avatar_url")
        createdAt = try fields.time("created_at")
        updatedAt = try fields.time("updated_at")
        createdBy = DuologueClient.UserID(rawValue: try fields.required("created_by"))
        lastSequence = try fields.required("last_seq")
        lastOffset = try fields.required("last_offset")
        participantCount = Int(try fields.required("participant_count", as: Int64.self))
        membership = try fields.model("my")
        lastMessage = try fields.model("last_message")
    }
}

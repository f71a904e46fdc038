extension DuologueClient {
    /// A message that is pinned to its chat.
    public struct Pin: Sendable, Identifiable, Hashable {
        /// The pinned message.
        public let id: MessageID
        /// Who pinned it.
        public let pinnedBy: UserID
        /// When that was.
        public let pinnedAt: Timestamp
        /// The message as it is now.
        public let message: Message
    }
}

extension DuologueClient.Pin: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        id = try fields.messageID("message_id")
        pinnedBy = DuologueClient.UserID(rawValue: try fields.required("pinned_by"))
        pinnedAt = try fields.time("pinned_at")
        message = try fields.requiredModel("message")
    }
}

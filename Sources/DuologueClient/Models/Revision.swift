extension DuologueClient {
    /// What a message said before an edit.
    public struct Revision: Sendable, Hashable {
        /// The message.
        public let message: MessageID
        /// The chat's event that wrote this content.
        public let revision: Int64
        /// Nil once a deleted message has been purged.
        public let content: String?
        /// Who replaced this content.
        public let editedBy: UserID
        /// When that was.
        public let editedAt: Timestamp
    }
}

extension DuologueClient.Revision: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        message = try fields.messageID("message_id")
        revision = try fields.required("rev")
        content = try fields.optional("content")
        editedBy = DuologueClient.UserID(rawValue: try fields.required("edited_by"))
        editedAt = try fields.time("at")
    }
}

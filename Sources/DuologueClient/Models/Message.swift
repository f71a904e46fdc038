extension DuologueClient {
    /// A message as it is now.
    public struct Message: Sendable, Identifiable, Hashable {
        /// The name of the message.
        public let id: MessageID
        /// The chat's event that created it.
        public let offset: Int64
        /// The chat's event that last changed its body.
        public let revision: Int64
        /// Who wrote it.
        public let sender: UserID
        /// `text`, `image`, `file`, `audio`, `video`, `system` or `call`; later servers may know more.
        public let type: String
        /// Nil when the message is deleted.
        public let content: String?
        /// When the server took it.
        public let createdAt: Timestamp
        /// Nil while it was never edited.
        public let editedAt: Timestamp?
        /// Whether it was deleted for all.
        public let isDeleted: Bool
        /// The message it answers.
        public let replyTo: MessageID?
        /// The message whose thread it is in.
        public let threadRoot: MessageID?
        /// How many messages are in the thread it is the root of.
        public let replyCount: Int
        /// The place of the last message of that thread.
        public let lastReply: Int64?
        /// The emojis on it.
        public let reactions: [Reaction]
        /// The files that go with it.
        public let attachments: [Attachment]
        /// Whom it calls.
        public let mentions: [Mention]
        /// The sender's own name for it.
        public let clientMessageID: ClientMessageID?

        /// The chat it is in.
        public var chat: ChatID { id.chat }
        /// Its place among the chat's messages.
        public var sequence: Int64 { id.sequence }
    }
}

extension DuologueClient.Message: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        id = try fields.messageID("message_id")
        offset = try fields.required("offset")
        revision = try fields.required("rev")
        sender = DuologueClient.UserID(rawValue: try fields.required("sender_id"))
        type = try fields.required("type")
        content = try fields.optional("content")
        createdAt = try fields.time("created_at")
        editedAt = try fields.optionalTime("edited_at")
        isDeleted = try fields.required("deleted")
        replyTo = try fields.optionalMessageID("reply_to")
        threadRoot = try fields.optionalMessageID("thread_root")
        let thread = try fields.optionalFields("thread")
        replyCount = Int(try thread?.optional("reply_count", as: Int64.self) ?? 0)
        lastReply = try thread?.optional("last_reply_seq")
        reactions = try fields.list("reactions")
        attachments = try fields.list("attachments")
        mentions = try fields.list("mentions")
        clientMessageID = try fields.optional("client_msg_id", as: String.self)
            .flatMap { DuologueClient.ClientMessageID($0) }
    }
}

extension DuologueClient {
    /// How far a chat is, as the server says when a connection begins.
    public struct ChatHead: Sendable, Hashable, Identifiable {
        /// The chat.
        public let id: ChatID
        /// The place of its newest message; 0 before the first.
        public let lastSequence: Int64
        /// Its newest event.
        public let lastOffset: Int64
        /// The newest message that counts as read.
        public let readSequence: Int64
        /// Messages of others after `readSequence`.
        public let unread: Int
    }
}

extension DuologueClient.ChatHead: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        id = DuologueClient.ChatID(rawValue: try fields.required("chat_id"))
        lastSequence = try fields.required("last_seq")
        lastOffset = try fields.required("last_offset")
        readSequence = try fields.required("read_seq")
        unread = Int(try fields.required("unread", as: Int64.self))
    }
}

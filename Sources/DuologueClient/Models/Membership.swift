extension DuologueClient {
    /// One's own side of a chat.
    public struct Membership: Sendable, Hashable {
        /// What one may do.
        public let role: Role
        /// The newest message that counts as read.
        public let readSequence: Int64
        /// Messages of others after `readSequence`.
        public let unread: Int
        /// Nil while it is not muted.
        public let mutedUntil: Timestamp?
        /// Whether it is put away.
        public let isArchived: Bool
        /// Whether it is kept on top.
        public let isPinned: Bool
    }
}

extension DuologueClient.Membership: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        role = DuologueClient.Role(rawValue: try fields.required("role"))
        readSequence = try fields.required("read_seq")
        unread = Int(try fields.required("unread", as: Int64.self))
        mutedUntil = try fields.optionalTime("muted_until")
        isArchived = try fields.required("archived")
        isPinned = try fields.required("pinned")
    }
}

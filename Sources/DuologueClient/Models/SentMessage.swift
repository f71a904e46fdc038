extension DuologueClient {
    /// Where the server put a message: both of its stores hold it.
    public struct SentMessage: Sendable, Hashable {
        /// The name the server gave it.
        public let id: MessageID
        /// The name the sender gave it.
        public let clientMessageID: ClientMessageID
        /// The chat's event that created it.
        public let offset: Int64
        /// When the server took it.
        public let createdAt: Timestamp
        /// Whether the server had it already from an earlier attempt.
        public let isDuplicate: Bool
    }
}

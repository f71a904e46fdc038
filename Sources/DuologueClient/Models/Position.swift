extension DuologueClient {
    /// How far the events of a user's chats have been handed over: kept by a program, the next start goes on from here.
    public struct Position: Sendable, Hashable {
        /// The server's history that the offsets belong to.
        public let epoch: String
        /// The newest event of each chat that was handed over.
        public let offsets: [ChatID: Int64]

        /// A position that was kept.
        public init(epoch: String, offsets: [ChatID: Int64]) {
            self.epoch = epoch
            self.offsets = offsets
        }
    }
}

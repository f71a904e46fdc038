extension DuologueClient {
    /// One emoji on a message, and who put it there.
    public struct Reaction: Sendable, Hashable {
        /// The emoji.
        public let emoji: String
        /// How many put it there.
        public let count: Int
        /// At most the first 20.
        public let users: [UserID]
    }
}

extension DuologueClient.Reaction: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        emoji = try fields.required("emoji")
        count = Int(try fields.required("count", as: Int64.self))
        users = try fields.integers("user_ids").map(DuologueClient.UserID.init(rawValue:))
    }
}

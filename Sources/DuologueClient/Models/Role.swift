extension DuologueClient {
    /// What a participant may do in a chat.
    public struct Role: RawRepresentable, Hashable, Sendable {
        /// The server's word for it.
        public let rawValue: String
        /// A role, also one that this version has no name for.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// May do everything.
        public static let owner = Role(rawValue: "owner")
        /// May change the group, and who is in it.
        public static let admin = Role(rawValue: "admin")
        /// May write and read.
        public static let member = Role(rawValue: "member")
    }
}

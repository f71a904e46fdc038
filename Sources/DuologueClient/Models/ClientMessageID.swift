internal import Domain

extension DuologueClient {
    /// The sender's own name for a message, given before the server knows it: the same message sent again under the same
    /// name counts once.
    public struct ClientMessageID: Hashable, Sendable, CustomStringConvertible {
        private let value: UniversalID

        /// A new name, random (UUID version 4).
        public init() { value = .random() }

        /// Reads a UUID; nil for anything else.
        public init?(_ text: some StringProtocol) {
            guard let value = UniversalID(text) else { return nil }
            self.value = value
        }

        /// The UUID in lower case.
        public var description: String { value.description }
    }
}

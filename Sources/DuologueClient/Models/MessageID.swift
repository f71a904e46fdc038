extension DuologueClient {
    /// Names a message: its chat, and its place among the chat's messages, which are numbered from 1 without gaps.
    public struct MessageID: Hashable, Comparable, Sendable, CustomStringConvertible {
        /// The chat the message is in.
        public let chat: ChatID
        /// Its place among the chat's messages.
        public let sequence: Int64

        /// Names a message of a chat.
        public init(chat: ChatID, sequence: Int64) {
            self.chat = chat
            self.sequence = sequence
        }

        /// Reads the form `<chat>-<sequence>`; nil for anything else.
        public init?(_ text: some StringProtocol) {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let chat = Int64(parts[0]), let sequence = Int64(parts[1]), chat > 0, sequence > 0
            else { return nil }
            self.init(chat: ChatID(rawValue: chat), sequence: sequence)
        }

        /// The form `<chat>-<sequence>`.
        public var description: String { "\(chat)-\(sequence)" }

        /// Orders by chat, then by place.
        public static func < (left: Self, right: Self) -> Bool {
            (left.chat, left.sequence) < (right.chat, right.sequence)
        }
    }
}

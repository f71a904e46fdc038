/// Identifies a user; unique for ever, below 2^53 so that JSON numbers hold it.
package struct UserID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
    package static func < (left: UserID, right: UserID) -> Bool { left.rawValue < right.rawValue }
}

/// Identifies a chat; unique for ever, below 2^53 so that JSON numbers hold it.
package struct ChatID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
    package static func < (left: ChatID, right: ChatID) -> Bool { left.rawValue < right.rawValue }
}

/// Numbers the messages of one chat from 1, without gaps, in the order of commits.
package struct SequenceNumber: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
    package static func < (left: SequenceNumber, right: SequenceNumber) -> Bool { left.rawValue < right.rawValue }
}

/// Numbers all durable events of one chat from 1, without gaps, in the order of commits; the resume cursor.
package struct Offset: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
    package static func < (left: Offset, right: Offset) -> Bool { left.rawValue < right.rawValue }

    /// Before the first event of any chat.
    package static let zero = Offset(rawValue: 0)
    /// The offset that follows.
    package var next: Offset { Offset(rawValue: rawValue + 1) }
}

/// Names a message as clients do, `<chat_id>-<seq>`, so that the bare text routes to its shard.
package struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// The chat the message is in.
    package let chat: ChatID
    /// Its place among the chat's messages.
    package let sequence: SequenceNumber

    /// Names the message of a chat and a sequence number.
    package init(chat: ChatID, sequence: SequenceNumber) {
        self.chat = chat
        self.sequence = sequence
    }

    /// Reads the canonical text; nil for anything else, leading zeros, signs and numbers from 2^53 on included.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers: ClosedRange<Int64> = 1...(1 << 53 - 1)
        guard parts.count == 2, let chat = Int64(parts[0]), let sequence = Int64(parts[1]), numbers.contains(chat),
            numbers.contains(sequence)
        else { return nil }
        self.init(chat: ChatID(rawValue: chat), sequence: SequenceNumber(rawValue: sequence))
        guard description == text else { return nil }
    }

    package var description: String { "\(chat)-\(sequence)" }
}

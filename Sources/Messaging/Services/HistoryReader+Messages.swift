package import Domain

/// Reads of messages by their numbers.
extension HistoryReader {
    /// Those of the messages that exist, ascending.
    ///
    /// `sequences` ascend. Each run of numbers is of one moment.
    ///
    /// Throws what `page` throws.
    package func messages(
        of chat: ChatID,
        for user: UserID,
        sequences: [SequenceNumber]
    ) async throws -> [Message] {
        var messages: [Message] = []
        var rest = sequences[...]
        while let first = rest.first {
            let run = zip(rest, first.rawValue...).prefix { $0.rawValue == $1 }.count
            messages += try await page(of: chat, for: user, window: .only(first), limit: run).messages
            rest = rest.dropFirst(run)
        }
        return messages
    }

    /// The numbers of the replies in a thread; see `HistoryStore.replies`.
    package func replies(to root: MessageID, window: HistoryWindow, limit: Int) async throws -> [SequenceNumber] {
        try await history.replies(to: root, window: window, limit: limit)
    }
}

extension HistoryWindow {
    /// From this message on; with a limit of one the message itself.
    fileprivate static func only(_ sequence: SequenceNumber) -> HistoryWindow {
        .after(SequenceNumber(rawValue: sequence.rawValue - 1))
    }
}

extension Failure {
    /// There is no message of this number in a chat that the caller is in.
    static let messageNotFound = Failure(.messageNotFound, "There is no such message in this chat.")
}

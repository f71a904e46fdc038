internal import Domain

/// Holds the history of a chat against what was sent and acked.
enum HistoryComparison {
    /// How many places differ: a message that is missing, extra, out of its order, or not what was sent.
    ///
    /// `history` is in the order it was paged; the acked messages stand in it by their seq, from 1, without holes.
    static func differences(_ history: [ArrivedMessage], _ messages: [SentMessage]) -> Int {
        let expected = messages.filter { $0.sequence != nil }
            .sorted { ($0.sequence?.rawValue ?? 0) < ($1.sequence?.rawValue ?? 0) }
        var differences = abs(history.count - expected.count)
        for (index, (arrived, sent)) in zip(history, expected).enumerated() {
            let isSame =
                arrived.sequence == sent.sequence && arrived.sequence.rawValue == Int64(index) + 1
                && arrived.clientID == sent.id && sent.matches(arrived)
            if !isSame { differences += 1 }
        }
        return differences
    }
}

internal import Domain
internal import Mongo

/// Numbers of a chat's messages as ranges of the `_id` index, which every collection of bodies has in the order of
/// chat and number.
struct NumberRuns {
    private let chat: ChatID
    private let runs: [ClosedRange<Int64>]

    /// One range.
    init(_ chat: ChatID, _ range: ClosedRange<SequenceNumber>) {
        self.chat = chat
        runs = [range.lowerBound.rawValue...range.upperBound.rawValue]
    }

    /// The fewest ranges that hold these ascending numbers and no others.
    init(_ chat: ChatID, _ numbers: [SequenceNumber]) {
        self.chat = chat
        var runs: [ClosedRange<Int64>] = []
        for number in numbers.map(\.rawValue) {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        self.runs = runs
    }

    /// How many numbers there are.
    var count: Int { runs.reduce(0) { $0 + $1.count } }

    /// The documents of these numbers that meet what `body` writes besides.
    func filter(_ body: (inout BSONDocumentWriter) -> Void = { _ in }) -> BSONDocument {
        BSONDocument { writer in
            if runs.count == 1, let run = runs.first {
                range(run, to: &writer)
            } else {
                writer.array("$or") { list in
                    for run in runs { list.document { range(run, to: &$0) } }
                }
            }
            writer.int64("chat_id", chat.rawValue)
            body(&writer)
        }
    }

    /// The end is the number after the last: ids that go on after the number are above it and below that.
    private func range(_ run: ClosedRange<Int64>, to writer: inout BSONDocumentWriter) {
        writer.document("_id") { clause in
            clause.document("$gte") { bound(&$0, run.lowerBound) }
            clause.document("$lt") { bound(&$0, run.upperBound + 1) }
        }
    }

    private func bound(_ writer: inout BSONDocumentWriter, _ number: Int64) {
        MessageDocument.write(MessageID(chat: chat, sequence: SequenceNumber(rawValue: number)), to: &writer)
    }
}

/// One operation of a client, as the client knows it.
package struct WriteRecord: Sendable {
    package let kind: WriteKind
    package let chat: Int64
    package let actor: Int64
    /// The id it is retried under, in lower-case hexadecimal with dashes.
    package let clientID: String
    /// The message or the member that it is about.
    package var target: Int64?
    /// The body, the emoji, the role or the name.
    package var text: String?
    package var outcome = Outcome.pending
    /// How often it was put on the wire.
    package var attempts = 0
    /// What it was answered when it was sent again after its ack.
    package var repeats: [Answer] = []

    /// How it ended for the client.
    package enum Outcome: Sendable, Equatable {
        /// Not known; it goes on being retried.
        case pending
        case acked(Answer)
        /// A final error, by its code.
        case refused(String)
    }

    /// What an ack said; numbers it left out are nil.
    package struct Answer: Sendable, Equatable {
        package var sequence: Int64?
        package var offset: Int64?
        package var isDuplicate: Bool

        package init(sequence: Int64? = nil, offset: Int64? = nil, isDuplicate: Bool = false) {
            self.sequence = sequence
            self.offset = offset
            self.isDuplicate = isDuplicate
        }
    }

    package init(
        kind: WriteKind,
        chat: Int64,
        actor: Int64,
        clientID: String,
        target: Int64? = nil,
        text: String? = nil
    ) {
        self.kind = kind
        self.chat = chat
        self.actor = actor
        self.clientID = clientID
        self.target = target
        self.text = text
    }

    /// The answer, where it was acked.
    package var answer: Answer? { if case .acked(let answer) = outcome { answer } else { nil } }
}

/// What all clients of a load know about their operations.
package struct WriteJournal: Sendable {
    package private(set) var records: [WriteRecord] = []
    /// Indexes of acked messages of each chat.
    private var messages: [Int64: [Int]] = [:]

    package init() {}

    /// Adds an operation that is about to be sent and returns its number.
    package mutating func begin(_ record: WriteRecord) -> Int {
        records.append(record)
        return records.count - 1
    }

    /// Counts one more attempt.
    package mutating func attempt(_ number: Int) { records[number].attempts += 1 }

    /// Notes how it ended.
    package mutating func end(_ number: Int, _ outcome: WriteRecord.Outcome) {
        records[number].outcome = outcome
        if records[number].kind.makesMessage, case .acked = outcome {
            messages[records[number].chat, default: []].append(number)
        }
    }

    /// Notes what an acked operation was answered when it came again.
    package mutating func repeated(_ number: Int, _ answer: WriteRecord.Answer) {
        records[number].repeats.append(answer)
    }

    /// A recently acked message of a chat, newer ones more often; nil when there is none.
    package func pickMessage(in chat: Int64, using random: inout SplitMix64) -> WriteRecord? {
        guard let numbers = messages[chat], !numbers.isEmpty else { return nil }
        let depth = min(numbers.count, random.chance(percent: 70) ? 8 : 200)
        return records[numbers[numbers.count - 1 - Int.random(in: 0..<depth, using: &random)]]
    }

    package var acked: Int { records.count { $0.answer != nil } }
    package var pending: Int { records.count { $0.outcome == .pending } }
}

internal import Domain

/// What the stores and the server hold of one chat.
struct ChatEvidence: Sendable {
    /// A row of `chat_events`.
    struct Event: Sendable {
        let offset: Offset
        let sequence: SequenceNumber?
        let actor: UserID
        let operation: OperationID
    }

    /// A document of `messages`.
    struct Document: Sendable {
        let sequence: SequenceNumber
        let offset: Offset
        let sender: UserID
        let clientID: OperationID?
        /// SHA-256 of the content, hexadecimal.
        let digest: String
    }

    var lastSequence = SequenceNumber(rawValue: 0)
    var lastOffset = Offset.zero
    /// In the order of their offsets.
    var events: [Event] = []
    /// Seqs of `message_metadata`, ascending.
    var metadata: [SequenceNumber] = []
    /// In the order of their seqs.
    var documents: [Document] = []
    /// As the server pages it; nil where nobody asked.
    var history: [ArrivedMessage]?
    /// Redo rows that still hold something of the chat.
    var unfinished = 0
}

/// Holds what was acked against what the stores hold.
///
/// Pure.
struct JournalAudit: Sendable, Equatable {
    /// Acked messages.
    var acked = 0
    /// Of them, those that are not in Postgres as they were acked.
    var lostInPostgres = 0
    /// Of them, those that are not in MongoDB as they were sent and acked.
    var lostInMongo = 0
    /// Of them, those that the server's history does not show as they were sent.
    var lostInHistory = 0
    /// Operations that are in a store more than once.
    var doubled = 0
    /// Numbers that are missing or too many: offsets and seqs of Postgres, seqs of MongoDB and of history.
    var holes = 0
    /// Redo rows left.
    var unfinished = 0

    /// Nothing yet.
    init() {}

    /// Judges one chat.
    init(_ entries: [Journal.Entry], _ evidence: ChatEvidence) {
        acked = entries.count
        unfinished = evidence.unfinished
        judgePostgres(entries, evidence)
        judgeMongo(entries, evidence)
        if let history = evidence.history { judgeHistory(entries, history, evidence.lastSequence) }
    }

    /// Whether nothing is wrong.
    var isFaultless: Bool {
        lostInPostgres + lostInMongo + lostInHistory + doubled + holes + unfinished == 0
    }

    /// Adds another chat.
    mutating func add(_ other: JournalAudit) {
        acked += other.acked
        lostInPostgres += other.lostInPostgres
        lostInMongo += other.lostInMongo
        lostInHistory += other.lostInHistory
        doubled += other.doubled
        holes += other.holes
        unfinished += other.unfinished
    }

    private mutating func judgePostgres(_ entries: [Journal.Entry], _ evidence: ChatEvidence) {
        let events = Dictionary(grouping: evidence.events) { Key(user: $0.actor, id: $0.operation) }
        lostInPostgres = entries.count { entry in
            events[Key(entry)]?.contains { $0.offset == entry.offset && $0.sequence == entry.sequence } != true
        }
        doubled += events.values.reduce(0) { $0 + $1.count - 1 }
        holes += Self.holes(evidence.events.map(\.offset.rawValue), upTo: evidence.lastOffset.rawValue)
        holes += Self.holes(evidence.events.compactMap { $0.sequence?.rawValue }, upTo: evidence.lastSequence.rawValue)
        holes += Self.holes(evidence.metadata.map(\.rawValue), upTo: evidence.lastSequence.rawValue)
    }

    private mutating func judgeMongo(_ entries: [Journal.Entry], _ evidence: ChatEvidence) {
        let documents = Dictionary(grouping: evidence.documents) { document in
            document.clientID.map { Key(user: document.sender, id: $0) }
        }
        lostInMongo = entries.count { entry in
            documents[Key(entry)]?.contains {
                $0.sequence == entry.sequence && $0.offset == entry.offset && $0.digest == entry.digest
            } != true
        }
        doubled += documents.reduce(0) { $0 + ($1.key == nil ? 0 : $1.value.count - 1) }
        holes += Self.holes(evidence.documents.map(\.sequence.rawValue), upTo: evidence.lastSequence.rawValue)
    }

    private mutating func judgeHistory(
        _ entries: [Journal.Entry],
        _ history: [ArrivedMessage],
        _ last: SequenceNumber
    ) {
        let messages = Dictionary(grouping: history) { message in
            message.clientID.map { Key(user: message.sender, id: $0) }
        }
        lostInHistory = entries.count { entry in
            messages[Key(entry)]?.contains {
                $0.sequence == entry.sequence && $0.content.map(Journal.digest) == entry.digest
            } != true
        }
        doubled += messages.reduce(0) { $0 + ($1.key == nil ? 0 : $1.value.count - 1) }
        holes += Self.holes(history.map(\.sequence.rawValue), upTo: last.rawValue)
    }

    /// How many places of the numbers, in their order, are not 1, 2, 3 … `last`.
    private static func holes(_ numbers: [Int64], upTo last: Int64) -> Int {
        let wrong = zip(numbers, 1...).count { $0 != Int64($1) }
        return wrong + abs(numbers.count - Int(last))
    }
}

/// What an operation is unique by within a chat.
private struct Key: Hashable {
    let user: UserID
    let id: OperationID

    init(user: UserID, id: OperationID) {
        self.user = user
        self.id = id
    }

    init(_ entry: Journal.Entry) { self.init(user: entry.sender, id: entry.id) }
}

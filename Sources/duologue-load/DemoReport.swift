internal import IOCore

/// What the replays of a demo came to.
struct DemoReport: Sendable {
    /// One room's outcome.
    struct Outcome: Sendable {
        var result: Replay.Result
        var people: Int
        var historyDifferences: Int
    }

    private var table = Table([
        "room", "people", "sent", "acked", "delivered", "missing", "doubled", "out of order", "altered", "foreign",
        "history diffs", "ack p50", "ack p99", "delivery p50", "delivery p99",
    ])
    private var notes: [String] = []
    /// Whether no room showed a fault.
    private(set) var isFaultless = true

    /// Adds a room.
    mutating func add(_ room: String, _ cast: Cast, _ outcome: Outcome) {
        var result = outcome.result
        let checker = result.checker
        let faults = checker.verdict()
        let isWhole = faults == DeliveryChecker.Faults() && outcome.historyDifferences == 0
        if !isWhole || !result.complaints.isEmpty { isFaultless = false }
        let counts = [
            outcome.people, checker.messages.count, checker.acked, checker.delivered, faults.missing, faults.doubled,
            faults.outOfOrder, faults.altered, faults.foreign, outcome.historyDifferences,
        ]
        let latencies = [
            result.acks.text(50), result.acks.text(99), result.deliveries.text(50), result.deliveries.text(99),
        ]
        table.add([room] + counts.map(String.init) + latencies)
        let rate = Double(checker.acked) / max(result.duration.seconds, 0.001)
        var note = "\(room): \(result.replies) replies, \(Decimals.text(rate, places: 0)) acks/s"
        if cast.saidByOthers > 0 {
            note += ", \(cast.saidByOthers) messages of people beyond the chat's limit left out"
        }
        if cast.unsendable > 0 { note += ", \(cast.unsendable) lines left out that no message may hold" }
        notes.append(note)
        for (complaint, count) in result.complaints.sorted(by: { $0.key < $1.key }) {
            notes.append("\(room): \(count) x \(complaint)")
        }
    }

    /// The table, the notes and the verdict.
    var text: String {
        ([table.text, ""] + notes + [isFaultless ? "All is well." : "FAULTS were found."]).joined(separator: "\n")
    }
}

/// The outcome of one round of a campaign: a line of its table.
package struct RoundRecord: Sendable, Equatable {
    package var seed: UInt64
    package var fault: String
    /// Nodes and store processes that ended by force.
    package var kills = 0
    package var operations = 0
    package var acked = 0
    /// Broken promises, by kind.
    package var violations: [Violation.Kind: Int] = [:]
    /// From the end of the fault until everything was as promised.
    package var recovery: Duration = .zero
    package var duration: Duration = .zero
    /// Why there was no round: what it needs and the machine does not have.
    package var obstacle: String?

    package init(seed: UInt64, fault: String) {
        self.seed = seed
        self.fault = fault
    }

    package var isGreen: Bool { obstacle == nil && violations.values.allSatisfy { $0 == 0 } }

    /// What the first line of a table says.
    package static let header = """
        seed\tfault\tkills\toperations\tacked\tlost\tdoubled\tholes\torphans\tstale\tstrangers\tanswers\trecovery_ms\t\
        duration_ms\tobstacle
        """

    /// The round as a line of tab-separated values, without its end.
    package var line: String {
        let counts = Violation.Kind.allCases.map { "\(violations[$0] ?? 0)" }
        let numbers =
            ["\(kills)", "\(operations)", "\(acked)"] + counts + [
                "\(recovery.wholeMilliseconds)", "\(duration.wholeMilliseconds)",
            ]
        return (["\(seed)", fault] + numbers + [obstacle ?? ""]).joined(separator: "\t")
    }

    /// Reads a line; nil where it is none.
    package init?(line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        let kinds = Violation.Kind.allCases
        guard fields.count == 8 + kinds.count, let seed = UInt64(fields[0]) else { return nil }
        let numbers = fields[2..<(7 + kinds.count)].compactMap { Int($0) }
        guard numbers.count == 5 + kinds.count else { return nil }
        self.init(seed: seed, fault: String(fields[1]))
        (kills, operations, acked) = (numbers[0], numbers[1], numbers[2])
        for (kind, count) in zip(kinds, numbers[3...]) where count > 0 { violations[kind] = count }
        recovery = .milliseconds(numbers[3 + kinds.count])
        duration = .milliseconds(numbers[4 + kinds.count])
        obstacle = fields[7 + kinds.count].isEmpty ? nil : String(fields[7 + kinds.count])
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

internal import IOCore

/// The rounds of any number of campaigns, added up by fault.
package struct FaultTable: Sendable {
    private struct Row {
        var rounds = 0
        var red = 0
        var kills = 0
        var acked = 0
        var violations: [Violation.Kind: Int] = [:]
        var slowest: Duration = .zero
        var obstacle: String?
    }

    private var rows: [String: Row] = [:]

    /// Adds up the rounds; those that did not take place count for nothing but their reason.
    package init(_ rounds: [RoundRecord]) {
        for round in rounds {
            var row = rows[round.fault] ?? Row()
            if let obstacle = round.obstacle {
                row.obstacle = obstacle
            } else {
                row.rounds += 1
                row.red += round.isGreen ? 0 : 1
                row.kills += round.kills
                row.acked += round.acked
                row.violations.merge(round.violations, uniquingKeysWith: +)
                row.slowest = max(row.slowest, round.recovery)
            }
            rows[round.fault] = row
        }
    }

    /// Reads the lines of a file of rounds; what is no round is skipped.
    package init(lines text: String) { self.init(text.split(separator: "\n").compactMap(RoundRecord.init(line:))) }

    /// The table as markdown: one line a fault, and one of sums.
    package var markdown: String {
        var lines = [
            "| fault | rounds | red | kills | acked | lost | doubled | holes | orphans | other | slowest recovery |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for (fault, row) in rows.sorted(by: { $0.key < $1.key }) { lines.append(Self.line(fault, row)) }
        lines.append(Self.line("**all**", sum))
        return lines.joined(separator: "\n")
    }

    private var sum: Row {
        rows.values.reduce(into: Row()) { sum, row in
            sum.rounds += row.rounds
            sum.red += row.red
            sum.kills += row.kills
            sum.acked += row.acked
            sum.violations.merge(row.violations, uniquingKeysWith: +)
            sum.slowest = max(sum.slowest, row.slowest)
        }
    }

    private static func line(_ fault: String, _ row: Row) -> String {
        if row.rounds == 0, let obstacle = row.obstacle {
            return "| \(fault) | not run: \(obstacle) | | | | | | | | | |"
        }
        let counted: [Violation.Kind] = [.lost, .doubled, .hole, .orphan]
        let others = row.violations.filter { !counted.contains($0.key) }.values.reduce(0, +)
        let numbers = [row.rounds, row.red, row.kills, row.acked] + counted.map { row.violations[$0] ?? 0 } + [others]
        let tenths = Int((row.slowest.seconds * 10).rounded())
        return "| \(fault) | " + numbers.map(String.init).joined(separator: " | ")
            + " | \(tenths / 10).\(tenths % 10) s |"
    }
}

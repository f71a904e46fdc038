import Support
import Testing

struct FaultTableTests {
    private func round(_ fault: String, recovery: Int, lost: Int = 0) -> RoundRecord {
        var round = RoundRecord(seed: 11, fault: fault)
        round.kills = 2
        round.operations = 60
        round.acked = 50
        round.recovery = .milliseconds(recovery)
        round.duration = .seconds(9)
        if lost > 0 { round.violations[.lost] = lost }
        return round
    }

    @Test func `a round survives being written and read`() throws {
        var record = round("node-kill", recovery: 1_234, lost: 3)
        record.violations[.answer] = 1
        #expect(RoundRecord(line: record.line[...]) == record)
        record.obstacle = "needs root"
        #expect(RoundRecord(line: record.line[...]) == record)
        let columns = RoundRecord.header.split(separator: "\t").count
        #expect(record.line.split(separator: "\t", omittingEmptySubsequences: false).count == columns)
    }

    @Test func `a header and a torn line are no rounds`() {
        #expect(RoundRecord(line: RoundRecord.header[...]) == nil)
        #expect(RoundRecord(line: round("x", recovery: 1).line.dropLast(12)) == nil)
    }

    @Test func `rounds add up by fault, and a red one shows`() {
        let table = FaultTable([
            round("a", recovery: 900), round("a", recovery: 2_040, lost: 1), round("b", recovery: 100),
        ])
        #expect(table.markdown.contains("| a | 2 | 1 | 4 | 100 | 1 | 0 | 0 | 0 | 0 | 2.0 s |"))
        #expect(table.markdown.contains("| **all** | 3 | 1 | 6 | 150 | 1 | 0 | 0 | 0 | 0 | 2.0 s |"))
    }

    @Test func `a round that did not take place is not green`() {
        var record = round("disk", recovery: 0)
        record.obstacle = "needs root"
        #expect(!record.isGreen)
        let table = FaultTable(lines: RoundRecord.header + "\n" + record.line)
        #expect(table.markdown.contains("| disk | not run: needs root |"))
        #expect(table.markdown.contains("| **all** | 0 |"))
    }
}

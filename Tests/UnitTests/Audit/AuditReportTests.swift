import Audit
import Testing

struct AuditReportTests {
    @Test func `everything is counted and only a few examples are kept`() {
        var report = AuditReport()
        #expect(report.isClean && report.isMended)
        for number in 0..<1_000 { report.found(.missingBody, "42-\(number)") }
        #expect(report.findings[.missingBody]?.count == 1_000)
        #expect(report.findings[.missingBody]?.examples == ["42-0", "42-1", "42-2"])
        report.notMended("no copy", "42-1")
        #expect(!report.isClean && !report.isMended)
    }

    @Test func `kinds have names of their own`() {
        #expect(Set(FindingKind.allCases.map(\.rawValue)).count == FindingKind.allCases.count)
        #expect(FindingKind.allCases.allSatisfy { !$0.meaning.isEmpty })
    }
}

import Domain
import Testing

@testable import duologue

struct AuditRequestTests {
    @Test func `the options of an audit are read in any order and form`() throws {
        let request = try AuditRequest(["--json", "--chat=42", "--repair", "--since", "24h"])
        #expect(request.chat?.rawValue == 42 && request.printsJSON && request.repairs)
        #expect(request.since == .ago(.seconds(86_400)))
        let empty = try AuditRequest([])
        #expect(empty.chat == nil && empty.since == nil && !empty.printsJSON && !empty.repairs)
    }

    @Test func `a time is a date or to the second, in UTC`() throws {
        let time = try #require(AuditRequest.Since("2026-01-31T18:00:01Z"))
        #expect(time == .time(Timestamp(milliseconds: 1_769_882_401_000)))
        #expect(AuditRequest.Since("1970-01-02") == .time(Timestamp(milliseconds: 86_400_000)))
        #expect(AuditRequest.Since("2d")?.time(now: Timestamp(milliseconds: 172_800_001)).milliseconds == 1)
        for text in ["", "h", "0h", "-1h", "1w", "2026-13-01", "2026-01-31 18:00:00", "2026-01-31T18:00:00"] {
            #expect(AuditRequest.Since(text) == nil, "\(text)")
        }
    }

    @Test func `what an audit does not know is refused`() {
        for words in [["--chat"], ["--chat", "x"], ["--chat", "0"], ["--since"], ["--repairs"], ["--json=1"], ["42"]] {
            #expect(throws: Command.Invalid.self) { try AuditRequest(words) }
        }
    }
}

import Domain
import Testing

@Suite struct TimestampParsingTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("2026-01-31T23:59:59.001Z", "2026-01-31T23:59:59.001Z"),
        ("2026-01-31t23:59:59.0019999z", "2026-01-31T23:59:59.001Z"),
        ("2024-02-29T12:00:00.5+01:30", "2024-02-29T10:30:00.500Z"),
        ("2026-12-31T23:30:00-00:45", "2027-01-01T00:15:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("9999-12-31T23:59:59.9999+00:00", "9999-12-31T23:59:59.999Z"),
        ("9999-12-31T23:59:59+12:00", "9999-12-31T11:59:59.000Z"),
        ("2000-02-29T00:00:00.12Z", "2000-02-29T00:00:00.120Z"),
    ])
    func `a time is read and written as the same moment`(text: String, written: String) {
        #expect(Timestamp(parsing: text)?.description == written)
    }

    @Test(arguments: [
        "", "2026-01-31", "2026-01-31T23:59:59", "2026-01-31 23:59:59Z", "2026-02-29T00:00:00Z",
        "1900-02-28T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Zx", "+026-01-01T00:00:00Z",
        "２026-01-01T00:00:00Z", "2026-1-1T0:0:0Z", "1767225600",
        "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:00-00:01", "10000-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
    ])
    func `what is no time is refused`(text: String) {
        #expect(Timestamp(parsing: text) == nil)
    }

    @Test(
        arguments: [
            (Timestamp.latest.milliseconds, "9999-12-31T23:59:59.999Z"),
            (Timestamp.latest.milliseconds + 1, "9999-12-31T23:59:59.999Z"), (.max, "9999-12-31T23:59:59.999Z"),
            (Timestamp.earliest.milliseconds, "0001-01-01T00:00:00.000Z"),
            (Timestamp.earliest.milliseconds - 1, "0001-01-01T00:00:00.000Z"), (.min, "0001-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)]
    )
    func `what no year of four digits holds is written as the nearest that one does`(time: Int64, written: String) {
        #expect(Timestamp(milliseconds: time).description == written)
    }

    @Test func `every day of four centuries is read as it is written`() {
        let times = (0..<146_097).map { Timestamp(milliseconds: Int64($0) * 86_400_000 + 1) }
        #expect(times.first { Timestamp(parsing: $0.description) != $0 } == nil)
    }
}

import Testing

@testable import duologue_load

@Suite struct FiguresTests {
    @Test func `percentiles are exact, by nearest rank`() {
        var recorder = LatencyRecorder()
        #expect(recorder.percentile(50) == nil)
        for value in (1...1000).shuffled() { recorder.record(.microseconds(value)) }
        #expect(recorder.percentile(50) == .microseconds(500))
        #expect(recorder.percentile(99) == .microseconds(990))
        #expect(recorder.percentile(100) == .microseconds(1000))
        recorder.record(.microseconds(5000))
        #expect(recorder.percentile(100) == .microseconds(5000))
    }

    @Test func `one sample is every percentile`() {
        var recorder = LatencyRecorder()
        recorder.record(.milliseconds(7))
        #expect(recorder.text(50) == "7.00 ms")
        #expect(recorder.text(99) == "7.00 ms")
    }

    @Test func `decimals are rounded and padded`() {
        #expect(Decimals.text(1.005, places: 1) == "1.0")
        #expect(Decimals.text(0.999, places: 2) == "1.00")
        #expect(Decimals.text(12.034, places: 2) == "12.03")
        #expect(Decimals.text(-0.5, places: 0) == "-1")
        #expect(Decimals.text(-0.001, places: 2) == "0.00")
    }

    @Test func `columns are aligned`() {
        var table = Table(["room", "sent"])
        table.add(["ubuntu", "5"])
        #expect(table.text == "room    sent\n------  ----\nubuntu     5")
    }
}

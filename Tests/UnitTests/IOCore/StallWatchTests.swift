import IOCore
import Testing

@Suite struct StallWatchTests {
    @Test func `only a queue that does not shrink is stalled, and only after its time`() {
        let start = ContinuousClock.now
        var watch = StallWatch()
        func look(_ queued: Int, at second: Int) -> Bool {
            watch.isStalled(queued: queued, now: start + .seconds(second), limit: .seconds(30))
        }
        let looks = [
            look(0, at: 0), look(100, at: 1), look(100, at: 30), look(90, at: 31), look(95, at: 60), look(95, at: 61),
            look(0, at: 62), look(10, at: 63), look(10, at: 92), look(10, at: 93),
        ]
        #expect(looks == [false, false, false, false, false, true, false, false, false, true])
    }
}

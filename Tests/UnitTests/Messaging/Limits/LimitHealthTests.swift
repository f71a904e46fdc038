import Testing

@testable import Messaging

@Suite struct LimitHealthTests {
    private let start = ContinuousClock.now

    /// How many good probes in a row bring it back.
    private func probes(_ health: inout LimitHealth, at now: ContinuousClock.Instant) -> Int {
        for count in 1...1_000 where health.probed(isGood: true, now: now) { return count }
        return 0
    }

    @Test func `three answers missed in a row say as much as a failure`() {
        var health = LimitHealth()
        for _ in 0..<5 {
            #expect(health.miss(now: start) == false)
            #expect(health.miss(now: start) == false)
            health.answered()
        }
        #expect(health.miss(now: start) == false)
        #expect(health.miss(now: start) == false)
        #expect(health.miss(now: start) == true)
        #expect(health.isAway)
        #expect(health.miss(now: start) == false)
        #expect(health.fail(now: start) == false, "it is away already")
    }

    @Test func `a bad probe starts the count of good ones anew`() {
        var health = LimitHealth()
        #expect(health.fail(now: start) == true)
        #expect(health.probed(isGood: true, now: start) == false)
        #expect(health.probed(isGood: false, now: start) == false)
        #expect(health.probed(isGood: true, now: start) == false)
        #expect(health.probed(isGood: true, now: start) == true)
        #expect(!health.isAway)
    }

    @Test func `what goes again soon after it was back must be well for longer each time`() {
        var health = LimitHealth()
        var counts: [Int] = []
        for _ in 0..<8 {
            #expect(health.fail(now: start) == true)
            counts.append(probes(&health, at: start))
        }
        #expect(counts == [2, 4, 8, 16, 32, 64, 64, 64])
        #expect(health.fail(now: start + .seconds(61)) == true)
        #expect(probes(&health, at: start + .seconds(61)) == 2)
    }
}

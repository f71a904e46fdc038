import Security
import Testing

@Suite struct LoginThrottleTests {
    private let start = ContinuousClock.now

    private func later(_ seconds: Int) -> ContinuousClock.Instant {
        start.advanced(by: .seconds(seconds))
    }

    @Test func `the tenth failure closes the account from everywhere, and one opens again every 90 seconds`() {
        var throttle = LoginThrottle()
        for failure in 0..<10 {
            #expect(throttle.retryAfter(account: "alice", address: "a", now: start) == nil)
            throttle.recordFailure(account: "alice", address: "address \(failure)", now: start)
        }
        #expect(throttle.retryAfter(account: "alice", address: "elsewhere", now: start) == .seconds(90))
        #expect(throttle.retryAfter(account: "alice", address: "elsewhere", now: later(89)) == .seconds(1))
        #expect(throttle.retryAfter(account: "bob", address: "address 0", now: start) == nil)
        #expect(throttle.retryAfter(account: "alice", address: "elsewhere", now: later(90)) == nil)
        throttle.recordFailure(account: "alice", address: "elsewhere", now: later(90))
        #expect(throttle.retryAfter(account: "alice", address: "elsewhere", now: later(90)) == .seconds(90))
    }

    @Test func `the fiftieth failure closes the address for every account`() {
        var throttle = LoginThrottle()
        for failure in 0..<50 {
            #expect(throttle.retryAfter(account: "user \(failure)", address: "a", now: start) == nil)
            throttle.recordFailure(account: "user \(failure)", address: "a", now: start)
        }
        #expect(throttle.retryAfter(account: "someone", address: "a", now: start) == .seconds(18))
        #expect(throttle.retryAfter(account: "someone", address: "b", now: start) == nil)
    }

    @Test func `a part of a second is rounded up`() {
        var throttle = LoginThrottle(limits: .init(failuresPerAccount: 1, window: .seconds(60)))
        throttle.recordFailure(account: "alice", address: "a", now: start)
        let almost = start.advanced(by: .milliseconds(59_999))
        #expect(throttle.retryAfter(account: "alice", address: "a", now: almost) == .seconds(1))
        #expect(throttle.retryAfter(account: "alice", address: "a", now: later(60)) == nil)
    }

    @Test func `failures in flight together do not close the account for longer than the window`() {
        var throttle = LoginThrottle()
        for _ in 0..<1_000 { throttle.recordFailure(account: "alice", address: "a", now: start) }
        #expect(throttle.retryAfter(account: "alice", address: "b", now: start) == .seconds(90))
        #expect(throttle.retryAfter(account: "alice", address: "b", now: later(90)) == nil)
    }

    @Test func `guessing without pause gets ten at once and then ten in every window`() {
        var throttle = LoginThrottle()
        var guesses = 0
        for second in 0..<3_600 where throttle.retryAfter(account: "alice", address: "a", now: later(second)) == nil {
            throttle.recordFailure(account: "alice", address: "a", now: later(second))
            guesses += 1
        }
        #expect(guesses == 10 + 39)
    }

    @Test func `memory is bounded, and a flood of names does not free an account under attack`() {
        var throttle = LoginThrottle(limits: .init(maximumEntries: 100))
        for _ in 0..<10 { throttle.recordFailure(account: "alice", address: "attacker", now: start) }
        for index in 0..<10_000 {
            throttle.recordFailure(account: "name \(index)", address: "address \(index)", now: start)
            #expect(throttle.entryCount <= 200)
        }
        #expect(throttle.retryAfter(account: "alice", address: "x", now: start) == .seconds(90))
    }

    @Test func `what is over is forgotten first`() {
        var throttle = LoginThrottle(limits: .init(maximumEntries: 100))
        for index in 0..<99 { throttle.recordFailure(account: "old \(index)", address: "old", now: start) }
        throttle.recordFailure(account: "new", address: "new", now: later(60))
        throttle.recordFailure(account: "newer", address: "newer", now: later(100))
        #expect(throttle.entryCount == 2 + 3)
    }
}

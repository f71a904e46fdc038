import Messaging
import Testing

@Suite struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker(threshold: 3, pause: .seconds(1))
        for _ in 0..<3 { breaker.failed(at: start) }
        return breaker
    }

    @Test func `failures in a row open it, and a success between them does not count them on`() {
        var breaker = CircuitBreaker(threshold: 3, pause: .seconds(1))
        for _ in 0..<2 { breaker.failed(at: start) }
        breaker.succeeded()
        for _ in 0..<2 { breaker.failed(at: start) }
        let closed = breaker.admit(at: start)
        breaker.failed(at: start)
        let open = breaker.admit(at: start + .milliseconds(400))
        #expect(closed == nil)
        #expect(open == .milliseconds(600))
        #expect(!breaker.isClosed)
    }

    @Test func `after the pause one probe passes and the next has to wait for it`() {
        var breaker = opened()
        let answers = [breaker.admit(at: start + .seconds(1)), breaker.admit(at: start + .seconds(1))]
        #expect(answers == [nil, .seconds(1)])
    }

    @Test func `what becomes of the probe closes it or opens it again`() {
        var mended = opened()
        _ = mended.admit(at: start + .seconds(1))
        let isProbing = !mended.isClosed
        mended.succeeded()
        #expect(isProbing && mended.isClosed)
        let answers = (0..<3).map { _ in mended.admit(at: start + .seconds(1)) }
        #expect(answers == [nil, nil, nil])
        var broken = opened()
        _ = broken.admit(at: start + .seconds(1))
        broken.failed(at: start + .milliseconds(1_200))
        let wait = broken.admit(at: start + .milliseconds(1_200))
        #expect(wait == .seconds(1))
    }

    @Test func `a probe that never reports does not keep it open for ever`() {
        var breaker = opened()
        _ = breaker.admit(at: start + .seconds(1))
        let later = breaker.admit(at: start + .seconds(2))
        #expect(later == nil)
    }
}

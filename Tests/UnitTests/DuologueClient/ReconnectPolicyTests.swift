import Support
import Testing

@testable import DuologueClient

/// What follows the end of a connection.
struct ReconnectPolicyTests {
    private var generator = SplitMix64(seed: 1)

    @Test
    mutating func `delays are drawn from zero to a ceiling that doubles up to a limit`() {
        var ceilings: [Duration] = []
        for attempt in 0..<8 {
            var largest = Duration.zero
            var smallest = Duration.seconds(100)
            for _ in 0..<400 {
                var policy = ReconnectPolicy(initial: .milliseconds(100), maximum: .seconds(2))
                var delay = Duration.zero
                for _ in 0...attempt { delay = Self.delay(policy.step(after: .lost, length: .zero, using: &generator)) }
                largest = max(largest, delay)
                smallest = min(smallest, delay)
            }
            #expect(smallest < largest / 10)
            ceilings.append(largest)
        }
        for (attempt, largest) in ceilings.enumerated() {
            let ceiling = min(Duration.milliseconds(100 * (1 << attempt)), .seconds(2))
            #expect(largest <= ceiling && largest > ceiling * 0.9)
        }
    }

    @Test
    mutating func `a connection that lasted begins the delays anew, one that did not does not`() {
        var policy = ReconnectPolicy(initial: .milliseconds(100), maximum: .seconds(60))
        for _ in 0..<9 { _ = policy.step(after: .lost, length: .seconds(1), using: &generator) }
        var longest = Duration.zero
        for _ in 0..<20 {
            longest = max(longest, Self.delay(policy.step(after: .lost, length: .seconds(1), using: &generator)))
        }
        #expect(longest > .seconds(10))
        #expect(Self.delay(policy.step(after: .lost, length: .seconds(5), using: &generator)) <= .milliseconds(100))
    }

    @Test
    mutating func `a refused token is renewed once, and again after a connection that worked`() {
        var policy = ReconnectPolicy(initial: .zero, maximum: .zero)
        let refused = ReconnectPolicy.End.closed(code: 4001, reason: "token_expired")
        #expect(policy.step(after: refused, length: .zero, using: &generator) == .renewCredentials)
        #expect(Self.stopCode(policy.step(after: refused, length: .zero, using: &generator)) == .sessionEnded)
        policy.connected()
        #expect(policy.step(after: .rejected(status: 401), length: .zero, using: &generator) == .renewCredentials)
        #expect(
            Self.stopCode(policy.step(after: .rejected(status: 401), length: .zero, using: &generator)) == .sessionEnded
        )
    }

    @Test
    mutating func `terminal codes stop, and all others do not`() {
        var policy = ReconnectPolicy(initial: .zero, maximum: .zero)
        func stop(_ code: UInt16) -> DuologueError.Code? {
            Self.stopCode(policy.step(after: .closed(code: code, reason: ""), length: .zero, using: &generator))
        }
        #expect(stop(4003) == .forbidden)
        #expect(stop(4010) == .sessionEnded)
        let forbidden = policy.step(after: .rejected(status: 403), length: .zero, using: &generator)
        #expect(Self.stopCode(forbidden) == .forbidden)
        for code: UInt16 in [1000, 1001, 1006, 1011, 1012, 1013, 4000, 4008, 4009, 4999] { #expect(stop(code) == nil) }
        let broken = DuologueError(.sessionEnded, "over")
        #expect(policy.step(after: .failed(broken), length: .zero, using: &generator) == .stop(broken))
        #expect(policy.step(after: .consumerTooSlow, length: .zero, using: &generator) == .waitForConsumer)
    }

    private static func delay(_ step: ReconnectPolicy.Step) -> Duration {
        if case .connect(let delay, _) = step { delay } else { .seconds(1_000_000) }
    }

    private static func stopCode(_ step: ReconnectPolicy.Step) -> DuologueError.Code? {
        if case .stop(let error) = step { error.code } else { nil }
    }
}

extension ReconnectPolicy.End {
    fileprivate static let lost = ReconnectPolicy.End.closed(code: 1006, reason: "")
}

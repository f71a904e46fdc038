/// How many frames a client may still send now: a token bucket (Turner, "New Directions in Communications", 1986) that
/// holds what ten seconds bring, so that a client that was away may send what it kept.
struct FrameBudget {
    private let rate: Double
    private var tokens: Double
    private var filled: ContinuousClock.Instant

    private static let burst = 10.0

    /// A full one.
    init(framesPerSecond: Int, now: ContinuousClock.Instant) {
        rate = Double(framesPerSecond)
        tokens = rate * Self.burst
        filled = now
    }

    /// Takes one frame; false when there is none left.
    mutating func take(now: ContinuousClock.Instant) -> Bool {
        let passed = now - filled
        let seconds = Double(passed.components.seconds) + Double(passed.components.attoseconds) * 1e-18
        tokens = min(rate * Self.burst, tokens + rate * seconds)
        filled = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}

/// Exponential backoff with full jitter (M.
///
/// Brooker, "Exponential Backoff And Jitter", AWS 2015).
package struct Backoff: Sendable {
    private let initial: Duration
    private let maximum: Duration
    private var ceiling: Duration

    /// Delays are drawn from zero to a ceiling that doubles from `initial` to `maximum`.
    package init(initial: Duration = .milliseconds(50), maximum: Duration = .seconds(5)) {
        self.initial = initial
        self.maximum = maximum
        ceiling = initial
    }

    /// The next delay; raises the ceiling.
    package mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    /// The next delay from a generator of the caller's.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let delay = ceiling * Double.random(in: 0...1, using: &generator)
        ceiling = min(ceiling * 2, maximum)
        return delay
    }

    /// Starts over, after a success.
    package mutating func reset() { ceiling = initial }
}

internal import IOCore

/// What a closed-loop load came to.
struct LoadFigures: Sendable {
    /// Answers within the measured time.
    var acked = 0
    /// The measured time.
    var duration = Duration.zero
    var latencies = LatencyRecorder()
    /// Messages that reached sockets within the measured time.
    var delivered = 0
    /// What went wrong, with how often.
    var errors: [String: Int] = [:]
    /// Messages that were given up without an answer.
    var unsettled = 0

    /// Durable answers a second.
    var rate: Double { Double(acked) / max(duration.seconds, 0.001) }

    /// Adds what another caller saw in the same time.
    mutating func merge(_ other: LoadFigures) {
        acked += other.acked
        latencies.merge(other.latencies)
        delivered += other.delivered
        errors.merge(other.errors, uniquingKeysWith: +)
        unsettled += other.unsettled
    }

    /// Adds what happened in another round.
    mutating func append(_ other: LoadFigures) {
        merge(other)
        duration += other.duration
    }

    /// The headings of `row`.
    static let headings = ["acks", "acks/s", "ack p50", "ack p99", "deliveries/s", "errors"]

    /// The figures as cells of a table.
    func row() -> [String] {
        var latencies = latencies
        return [
            String(acked), Decimals.text(rate, places: 0), latencies.text(50), latencies.text(99),
            Decimals.text(Double(delivered) / max(duration.seconds, 0.001), places: 0),
            String(errors.values.reduce(0, +)),
        ]
    }

    /// What went wrong, a line each.
    var complaints: [String] {
        var lines = errors.sorted { $0.key < $1.key }.map { "\($0.value) x \($0.key)" }
        if unsettled > 0 { lines.append("\(unsettled) messages without an answer") }
        return lines
    }
}

/// When a load begins to count and when it ends.
struct LoadWindow: Sendable {
    let start: ContinuousClock.Instant
    let end: ContinuousClock.Instant

    /// `length` long, after `warmup`, from `now` on.
    init(now: ContinuousClock.Instant, warmup: Duration, length: Duration) {
        start = now + warmup
        end = start + length
    }

    /// Whether an answer at `time` counts.
    func contains(_ time: ContinuousClock.Instant) -> Bool { time >= start && time < end }
}

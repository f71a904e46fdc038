/// Latencies, kept one by one, so that percentiles are exact.
struct LatencyRecorder: Sendable {
    private var samples: [Int64] = []
    private var isSorted = true

    /// How many were recorded.
    var count: Int { samples.count }

    /// Adds one; whole microseconds are kept.
    mutating func record(_ latency: Duration) {
        let (seconds, attoseconds) = latency.components
        samples.append(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
        isSorted = false
    }

    /// Adds all of another.
    mutating func merge(_ other: LatencyRecorder) {
        samples += other.samples
        isSorted = false
    }

    /// The smallest latency that so many per cent of the samples do not exceed (nearest rank); nil without samples.
    ///
    /// Sorts when something was recorded since the last call.
    mutating func percentile(_ percent: Double) -> Duration? {
        guard !samples.isEmpty else { return nil }
        if !isSorted {
            samples.sort()
            isSorted = true
        }
        let rank = (percent / 100 * Double(samples.count)).rounded(.up)
        return .microseconds(samples[min(samples.count, max(1, Int(rank))) - 1])
    }

    /// A percentile as text, such as `1.25 ms`; a dash without samples.
    mutating func text(_ percent: Double) -> String {
        guard let latency = percentile(percent) else { return "-" }
        let (seconds, attoseconds) = latency.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return "\(Decimals.text(Double(microseconds) / 1000, places: 2)) ms"
    }
}

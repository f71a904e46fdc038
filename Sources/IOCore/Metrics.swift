internal import Synchronization

/// A number that only grows.
package final class Counter: Sendable {
    private let total = Atomic<Int>(0)
    init() {}

    /// Adds to the count.
    package func increment(by amount: Int = 1) { total.wrappingAdd(amount, ordering: .relaxed) }
    /// The count so far.
    package var value: Int { total.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let current = Atomic<Int>(0)
    init() {}

    /// Replaces the value.
    package func set(_ value: Int) { current.store(value, ordering: .relaxed) }
    /// Adds to the value; negative amounts take away.
    package func add(_ amount: Int) { current.wrappingAdd(amount, ordering: .relaxed) }
    /// The value now.
    package var value: Int { current.load(ordering: .relaxed) }
}

/// A distribution in fixed buckets, as Prometheus understands it.
package final class Histogram: Sendable {
    /// What a histogram has seen.
    package struct Snapshot: Sendable {
        /// Observations per bucket, the last one unbounded.
        package var counts: [Int]
        /// The sum of all observations.
        package var sum = 0.0
    }

    /// Bounds fit for latencies in seconds, from 100 µs to 10 s.
    package static let latencyBuckets: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// Bounds fit for counts of things, in powers of two to 1,024.
    package static let sizeBuckets: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

    let buckets: [Double]
    private let state: Mutex<Snapshot>

    init(buckets: [Double]) {
        self.buckets = buckets
        state = Mutex(Snapshot(counts: Array(repeating: 0, count: buckets.count + 1)))
    }

    /// Counts one observation, for latencies in seconds.
    package func observe(_ value: Double) {
        let index = buckets.firstIndex { value <= $0 } ?? buckets.count
        state.withLock {
            $0.counts[index] += 1
            $0.sum += value
        }
    }

    /// Counts the time since `start`.
    package func observe(since start: ContinuousClock.Instant) { observe((ContinuousClock.now - start).seconds) }

    /// What was observed so far.
    package var snapshot: Snapshot { state.withLock { $0 } }
}

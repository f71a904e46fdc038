internal import Synchronization

/// Many runs, each of its own seed.
package final class Campaign: Sendable {
    /// A seed that broke a promise.
    package struct Finding: Sendable {
        package let seed: UInt64
        package let violation: Violation
    }

    private let bug: PlantedBug?
    private let next: Atomic<UInt64>
    private let limit: Atomic<UInt64>

    /// Runs `count` seeds from `first` on.
    package init(first: UInt64 = 1, count: Int, bug: PlantedBug? = nil) {
        self.bug = bug
        next = Atomic(first)
        limit = Atomic(first + UInt64(count))
    }

    /// The finding of the lowest seed, and how many steps were taken; no seeds are begun after one was found.
    package func run(threads: Int = 1) async -> (finding: Finding?, steps: Int) {
        await withTaskGroup(of: (Finding?, Int).self) { group in
            for _ in 0..<threads { group.addTask { self.work() } }
            var first: Finding?
            var steps = 0
            for await (finding, count) in group {
                steps += count
                if let finding, finding.seed < first?.seed ?? .max { first = finding }
            }
            return (first, steps)
        }
    }

    private func work() -> (Finding?, Int) {
        var steps = 0
        while true {
            let seed = next.add(1, ordering: .relaxed).oldValue
            guard seed < limit.load(ordering: .relaxed) else { return (nil, steps) }
            var simulation = Simulation(seed: seed, bug: bug)
            let violation = simulation.run()
            steps += simulation.steps
            if let violation {
                limit.store(seed, ordering: .relaxed)
                return (Finding(seed: seed, violation: violation), steps)
            }
        }
    }
}

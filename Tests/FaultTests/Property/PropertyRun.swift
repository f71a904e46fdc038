import Glibc
import IOCore
import Support
import Testing

/// Schedules on one cluster, a few at a time, until all are done or too many are red.
struct PropertyRun: Sendable {
    let settings: PropertySettings

    /// How many waves share their users.
    private static let wavesPerCast = 8
    /// So many are enough to look at.
    private static let redLimit = 5

    init(_ settings: PropertySettings) { self.settings = settings }

    func run() async throws {
        let settings = settings
        try await PropertyCluster.run { cluster in
            var casts: [Cast] = []
            var (number, wave, red) = (0, 0, 0)
            while number < settings.schedules, red < Self.redLimit {
                let count = min(settings.lanes, settings.schedules - number)
                if wave % Self.wavesPerCast == 0 {
                    casts = []
                    for _ in 0..<count { casts.append(try await Self.gather(cluster)) }
                }
                let seeds = (number..<number + count).map(settings.seed)
                let schedules = try await Self.run(seeds, casts, on: cluster)
                for schedule in schedules { Self.report(schedule) }
                let isRed = schedules.contains { !$0.violations.isEmpty }
                if isRed, let directory = settings.logs { try Self.keepLogs(cluster, seeds, directory) }
                red += schedules.count { !$0.violations.isEmpty }
                number += count
                wave += 1
            }
            print("\(number) schedules, \(red) red")
        }
    }

    /// Four users who are nobody else's.
    private static func gather(_ cluster: PropertyCluster) async throws -> Cast {
        var users: [TestUser] = []
        for number in 0..<4 {
            users.append(try await cluster.with(node: number % 2) { try await $0.makeUser("user\(number)") })
        }
        return Cast(stable: Array(users.prefix(2)), churning: Array(users.suffix(2)))
    }

    private static func run(
        _ seeds: [UInt64],
        _ casts: [Cast],
        on cluster: PropertyCluster
    ) async throws -> [Schedule] {
        let wave = Wave(of: seeds.count)
        let schedules = zip(seeds, casts).map { Schedule(cluster, $1, seed: $0, in: wave) }
        let loop = cluster.loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            for schedule in schedules {
                let bound = LoopBound(schedule, loop: loop)
                group.addTask(executorPreference: loop) {
                    try await loop.actor.run { _ in try await bound.value.run() }
                }
            }
            try await group.waitForAll()
        }
        return schedules
    }

    private static func keepLogs(_ cluster: PropertyCluster, _ seeds: [UInt64], _ directory: String) throws {
        for node in cluster.nodes {
            let name = node.name.split(separator: " ").joined()
            try FileSystem.append(node.server.log, to: "\(directory)/\(seeds[0])-\(name).log")
        }
    }

    private static func report(_ schedule: Schedule) {
        let verdict = schedule.violations.isEmpty ? "green" : "RED"
        let faults = schedule.faults.isEmpty ? "" : "; " + schedule.faults.joined(separator: ", ")
        let writes = "\(schedule.journal.acked) of \(schedule.journal.records.count) writes acked"
        print(
            "seed \(schedule.seed): \(verdict), \(writes), \(schedule.counts), took \(schedule.duration)\(faults)"
        )
        defer { fflush(nil) }
        guard !schedule.violations.isEmpty else { return }
        for violation in schedule.violations.prefix(40) { print("  \(violation)") }
        let replay = "make property N=1 SEED=\(schedule.seed)"
        print("  replay: \(replay)")
        Issue.record("seed \(schedule.seed): \(schedule.violations.count) violations; replay with \(replay)")
    }
}

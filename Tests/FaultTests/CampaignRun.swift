import Glibc
import IOCore
import Support
import Testing

/// Rounds on one cluster, until all are done or one is red.
struct CampaignRun: Sendable {
    let settings: CampaignSettings
    let first: Int

    /// How many rounds share their users.
    private static let roundsPerCast = 12

    init(_ settings: CampaignSettings, first: Int) {
        self.settings = settings
        self.first = first
    }

    /// Runs rounds from the first on; the number of the next one to run.
    func run() async throws -> Int {
        let (settings, first) = (settings, first)
        let done = Done(first)
        try await FaultCluster.run(disks: settings.disks.map(Disks.init(below:))) { cluster in
            let faults = try await Self.faults(cluster, settings)
            var cast = try await Cast.gather(cluster)
            for number in first..<settings.rounds {
                if number > first, (number - first) % Self.roundsPerCast == 0 { cast = try await Cast.gather(cluster) }
                let seed = settings.seed(ofRound: number)
                let isGreen = try await Self.round(cluster, &cast, faults[number % faults.count], seed, settings)
                done.number = number + 1
                if !isGreen { return }
            }
        }
        return done.number
    }

    /// The chosen faults, in an order that the campaign's seed decides.
    private static func faults(_ cluster: FaultCluster, _ settings: CampaignSettings) async throws -> [any Fault] {
        let (_, names) = try await cluster.nodes[0].server.run(["failpoints"], within: .seconds(120))
        let failpoints = names.split(separator: "\n").map(String.init).filter { !$0.contains(" ") }
        let all = FaultCatalog.all(failpoints: failpoints)
        let chosen = FaultCatalog.choose(settings.kinds, from: all, withLong: settings.takesLongFaults)
        guard !chosen.isEmpty else {
            throw FaultDidNotHappen(description: "there is no fault \(settings.kinds); there are \(all.map(\.name))")
        }
        var random = SplitMix64(seed: settings.seed)
        return chosen.shuffled(using: &random)
    }

    private static func round(
        _ cluster: FaultCluster,
        _ cast: inout Cast,
        _ fault: any Fault,
        _ seed: UInt64,
        _ settings: CampaignSettings
    ) async throws -> Bool {
        if let obstacle = fault.obstacle(cluster) {
            var record = RoundRecord(seed: seed, fault: fault.name)
            record.obstacle = obstacle
            try report(record, [], settings)
            return true
        }
        try await cast.foundChats(cluster)
        let round = FaultRound(cluster, cast, fault, seed: seed)
        do {
            try await round.run()
        } catch {
            var record = round.record
            record.violations[.answer, default: 0] += 1
            try report(record, [Violation(.answer, "the round did not get to its end: \(error)")], settings)
            try keepLogs(cluster, seed, settings)
            return false
        }
        try report(round.record, round.violations, settings)
        if !round.record.isGreen { try keepLogs(cluster, seed, settings) }
        return round.record.isGreen
    }

    /// What the nodes logged goes with them; that of a red round is kept beside the table.
    private static func keepLogs(_ cluster: FaultCluster, _ seed: UInt64, _ settings: CampaignSettings) throws {
        guard let table = settings.table else { return }
        for node in cluster.nodes {
            let name = node.name.split(separator: " ").joined()
            try FileSystem.append(node.server.log, to: "\(table)-\(seed)-\(name).log")
        }
    }

    private static func report(_ record: RoundRecord, _ violations: [Violation], _ settings: CampaignSettings) throws {
        let verdict = record.obstacle.map { "not run: \($0)" } ?? (record.isGreen ? "green" : "RED")
        let times = "recovered in \(record.recovery), took \(record.duration)"
        print(
            "\(record.fault), seed \(record.seed): \(verdict), \(record.acked) acked, \(record.kills) kills, \(times)"
        )
        fflush(nil)
        if let table = settings.table {
            if !FileSystem.exists(table) { try FileSystem.append(RoundRecord.header + "\n", to: table) }
            try FileSystem.append(record.line + "\n", to: table)
        }
        guard !violations.isEmpty else { return }
        for violation in violations.prefix(40) { print("  \(violation)") }
        let replay = "make fault N=1 SEED=\(record.seed) KIND=\(record.fault)"
        print("  replay: \(replay)")
        Issue.record("\(record.fault), seed \(record.seed): \(violations.count) violations; replay with \(replay)")
    }
}

/// How far a run came; written on the campaign's loop, read when that has ended.
private final class Done: @unchecked Sendable {
    var number: Int

    init(_ number: Int) { self.number = number }
}

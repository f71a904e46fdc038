import IOCore
import Support
import Testing

/// Whoever is removed from a chat at some offset never sees anything later of it, by any means, whatever else goes on.
@Suite(.realTime) struct ServerRemovalTests {
    /// How often each check must have been made before a run may end.
    private static let enough = [
        "removals": 15, "refusals": 40, "absences": 10, "sights": 100, "events": 100, "ends": 5, "commands": 10,
        "resumeds": 3, "readies": 3, "sockets of one chat": 2, "heads": 5, "writes 2xx": 50,
    ]

    @Test func `who is removed receives, reads, finds and resumes nothing later`() async throws {
        try await Self.run { _, _ in }
    }

    @Test func `who is removed while Redis is away receives, reads, finds and resumes nothing later`() async throws {
        try await Self.run { scene, race in
            scene.redis.kill()
            let seen = race.memberships.counts["removals", default: 0]
            try await eventually("some are removed without Redis") {
                race.memberships.counts["removals", default: 0] >= seen + 8
            }
            try await scene.redis.start()
        }
    }

    private static func run(
        _ trouble: @Sendable @escaping (ServerScene, RemovalRace) async throws -> Void
    ) async throws {
        let seed = environment("RACE_SEED").flatMap(UInt64.init) ?? .random(in: 1...999_999_999)
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene, ["HEARTBEAT_SECONDS": "1"])
            defer { withExtendedLifetime(pair) {} }
            let race = try await RemovalRace(scene, pair, seed: seed)
            let bound = LoopBound((scene, race), loop: scene.loop)
            do {
                try await race.run {
                    let (scene, race) = bound.value
                    await scene.loop.sleep(for: .seconds(1))
                    try await trouble(scene, race)
                    try await eventually("enough has been seen; \(race.memberships.counts)", within: .seconds(300)) {
                        enough.allSatisfy { race.memberships.counts[$0.key, default: 0] >= $0.value }
                    }
                }
            } catch {
                Issue.record("RACE_SEED=\(seed): \(error)")
            }
            #expect(race.memberships.violations.isEmpty, "RACE_SEED=\(seed)")
            try await scene.expectConsistency()
        }
    }
}

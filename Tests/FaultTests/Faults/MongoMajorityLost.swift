import Support

/// Two of the three members of MongoDB's set are killed, and come back.
struct MongoMajorityLost: Fault {
    let name = "mongo-majority-lost"
    let lasts = 1_500...4_000
    private var lost: [Int] = []

    mutating func inject(_ scene: FaultScene) async throws {
        let primary = try await scene.cluster.mongo.waitForPrimary()
        // With or without the primary, as the seed has it.
        let kept = scene.random.chance(percent: 50) ? primary : (primary + 1) % scene.cluster.mongo.count
        lost = (0..<scene.cluster.mongo.count).filter { $0 != kept }
        for member in lost { scene.cluster.mongo.kill(member) }
        scene.kills += lost.count
    }

    mutating func heal(_ scene: FaultScene) async throws {
        for member in lost { try await scene.cluster.mongo.start(member) }
    }
}

import Support

/// The primary gives way in the midst of bulks, twice.
struct MongoStepDown: Fault {
    let name = "mongo-step-down"
    let lasts = 0...500

    mutating func inject(_ scene: FaultScene) async throws {
        try await scene.cluster.mongo.stepDown()
        _ = try await scene.cluster.mongo.waitForPrimary()
        await scene.sleep(for: scene.random.milliseconds(300...900))
        try await scene.cluster.mongo.stepDown()
    }
}

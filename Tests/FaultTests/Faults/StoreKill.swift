import Support

/// kill -9 and a new start of a store; of MongoDB, of the primary of its set.
struct StoreKill: Fault {
    let store: Store
    let lasts = 300...2_500
    var name: String { "\(store.rawValue)-kill" }
    private var member = 0

    init(store: Store) { self.store = store }

    mutating func inject(_ scene: FaultScene) async throws {
        let cluster = scene.cluster
        switch store {
        case .postgres: cluster.postgres.kill()
        case .mongo:
            member = try await cluster.mongo.waitForPrimary()
            cluster.mongo.kill(member)
        case .redis: cluster.redis.kill()
        }
        scene.kills += 1
    }

    mutating func heal(_ scene: FaultScene) async throws {
        switch store {
        case .postgres: try await scene.cluster.postgres.start()
        case .mongo: try await scene.cluster.mongo.start(member)
        case .redis: try await scene.cluster.redis.start()
        }
    }
}

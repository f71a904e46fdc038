import Support

/// SIGSTOP and SIGCONT of all processes of a store; of MongoDB, of the primary of its set.
struct StoreFreeze: Fault {
    let store: Store
    let lasts = 500...4_500
    var name: String { "\(store.rawValue)-freeze" }
    private var member = 0

    init(store: Store) { self.store = store }

    mutating func inject(_ scene: FaultScene) async throws {
        let cluster = scene.cluster
        switch store {
        case .postgres: cluster.postgres.freeze()
        case .mongo:
            member = try await cluster.mongo.waitForPrimary()
            cluster.mongo.freeze(member)
        case .redis: cluster.redis.freeze()
        }
    }

    mutating func heal(_ scene: FaultScene) async throws {
        switch store {
        case .postgres: scene.cluster.postgres.thaw()
        case .mongo: scene.cluster.mongo.thaw(member)
        case .redis: scene.cluster.redis.thaw()
        }
    }
}

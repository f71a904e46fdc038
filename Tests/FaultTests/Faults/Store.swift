import Support

/// The three stores.
enum Store: String, CaseIterable, Sendable {
    case postgres, mongo, redis
}

extension FaultCluster {
    /// What stands in front of a store.
    func proxies(of store: Store) -> [TCPProxy] {
        switch store {
        case .postgres: [postgresProxy]
        case .mongo: mongo.proxies
        case .redis: [redisProxy]
        }
    }
}

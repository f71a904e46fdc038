package import Domain
package import IOCore
package import Mongo
package import Postgres
package import Redis

/// Asks Postgres, MongoDB and Redis for a sign of life, all at once.
///
/// Loop-bound.
package final class StoreHealthProbe: HealthProbe {
    private let loop: EventLoop
    private let postgres: PostgresClient
    private let mongo: MongoClient
    private let redis: RedisClient

    /// Below the two seconds that the port promises.
    private static let deadline: Duration = .milliseconds(1500)

    /// Asks through the clients of a loop.
    package init(loop: EventLoop, postgres: PostgresClient, mongo: MongoClient, redis: RedisClient) {
        self.loop = loop
        self.postgres = postgres
        self.mongo = mongo
        self.redis = redis
    }

    package func check() async -> [StoreHealth] {
        let probe = LoopBound(self, loop: loop)
        let reports = await withTaskGroup(of: StoreHealth.self) { [loop] group in
            for store in StoreError.Store.allCases {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await probe.value.check(store) }
                }
            }
            return await group.reduce(into: [StoreHealth]()) { $0.append($1) }
        }
        return StoreError.Store.allCases.compactMap { store in reports.first { $0.store == store } }
    }

    private func check(_ store: StoreError.Store) async -> StoreHealth {
        do {
            switch store {
            case .postgres: try await postgres.health(deadline: Self.deadline)
            case .mongo: try await mongo.ping(deadline: Self.deadline)
            case .redis: try await redis.send(RedisCommands.Ping(), deadline: Self.deadline)
            }
            return StoreHealth(store: store, reason: nil)
        } catch {
            return StoreHealth(store: store, reason: "\(error)")
        }
    }
}

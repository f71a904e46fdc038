package import Domain
package import Mongo
package import Postgres
package import Redis

/// Where the stores are and how much of them a process uses.
package struct StoreConfiguration: Sendable {
    /// Postgres; the counts of connections are for each loop.
    package var postgres: PostgresConfiguration
    /// MongoDB; threads and connections are for the process.
    package var mongo: MongoConfiguration
    /// Redis; one connection for commands and one for announcements, on a cluster to each master.
    package var redis: RedisConfiguration
    /// This process, in leases and announcements; new at every start.
    package var node: NodeID
    /// What keys and channels in Redis begin with, so that several installations may share one.
    package var redisPrefix = "duologue"

    /// The defaults for three URLs and a database of MongoDB.
    ///
    /// - Throws: `PostgresError` or `RedisError` for a URL that cannot be read.
    package init(
        postgresURL: String,
        mongoURL: String,
        mongoDatabase: String,
        redisURL: String,
        node: NodeID = .random()
    ) throws {
        postgres = try PostgresConfiguration(url: postgresURL)
        mongo = MongoConfiguration(url: mongoURL, database: mongoDatabase)
        redis = RedisConfiguration(url: try RedisURL(redisURL))
        self.node = node
    }
}

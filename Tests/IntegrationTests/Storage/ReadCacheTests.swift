import Domain
import IOCore
import Messaging
import Redis
import Storage
import Support
import Testing

/// The cache in a real Redis.
@Suite(.realTime) struct RedisReadCacheTests {
    @Test(arguments: ReadCacheScenario.all)
    func `Redis keeps the promises of the cache`(scenario: ReadCacheScenario) async throws {
        try await RedisFixture.run { fixture in try await fixture.run(scenario) }
    }

    @Test func `a cluster keeps the promises of the cache`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) { fixture in
            for scenario in ReadCacheScenario.all { try await fixture.run(scenario) }
        }
    }

    @Test func `what is no value of ours is none, and nothing fails`() async throws {
        let redis = try await PrivateRedis()
        try await RedisFixture.run(url: redis.url) { fixture in
            try await fixture.withCache { cache, client in
                _ = try await client.send(
                    RedisCommands.Raw("RPUSH", "test:cache:\(CacheEntry.format):{5}:chats:5", "x", key: nil)
                )
                _ = try await client.send(
                    RedisCommands.Set("test:cache:\(CacheEntry.format):{6}:chats:6", to: [255, 0])
                )
                let keys = [5, 6, 7].map { CacheKey(.chats, of: $0) }
                var found: [CacheKey: [UInt8]]?
                // None where it answers too late.
                try await eventually("an answer") {
                    found = await cache.values(under: keys)
                    return found != nil
                }
                #expect(found == [keys[1]: [255, 0]])
                try await eventually("it is kept") { cache.keep([1], under: keys[0]) }
                let command = RedisCommands.Raw("PTTL", "test:cache:\(CacheEntry.format):{5}:chats:5")
                let lifetime = try await client.send(command).decodeInteger()
                #expect(lifetime > 0 && lifetime <= 300_000)
            }
        }
    }

    @Test func `a Redis that is silent is given up soon and asked again later, and nothing else suffers`() async throws
    {
        let redis = try await PrivateRedis()
        let isPatient = { (configuration: inout RedisConfiguration) in
            configuration.commandDeadline = .seconds(60)
            configuration.watchdogDeadline = .seconds(60)
        }
        try await RedisFixture.run(url: redis.url, configure: isPatient) { fixture in
            try await fixture.withCache { cache, client in
                let key = CacheKey(.messages, of: 1, part: [0, 50])
                #expect(cache.keep([1], under: key))
                try await eventually("it is kept") { await cache.values(under: [key])?[key] == [1] }
                let connections = client.connectionCount
                redis.freeze()
                let largest = [UInt8](repeating: 7, count: 256 * 1024)
                let sent = (Int64(2)..<22).count { cache.keep(largest, under: CacheKey(.messages, of: $0)) }
                #expect(sent == 4, "a mebibyte is under way at most")
                for _ in 0..<20 {
                    let found = await cache.values(under: [key])
                    #expect(found == nil)
                }
                // Five lookups were given up; the others were not even sent.
                #expect(client.pendingCount < 20)
                let isSent = cache.keep([2], under: CacheKey(.chats, of: 1))
                #expect(!isSent, "nor are values")
                #expect(client.connectionCount == connections, "given up without harm to the connection")
                redis.thaw()
                try await eventually("it is asked again") { await cache.values(under: [key])?[key] == [1] }
            }
        }
    }

    @Test func `while Redis is away the cache says so at once`() async throws {
        let redis = try await PrivateRedis()
        try await RedisFixture.run(url: redis.url) { fixture in
            try await fixture.withCache { cache, client in
                redis.kill()
                try await eventually("the loss is noticed") { !client.isAvailable }
                let key = CacheKey(.chats, of: 1)
                #expect(!cache.keep([1], under: key))
                let found = await cache.values(under: [key])
                #expect(found == nil)
                try await redis.start()
                try await eventually("it is back, and empty") { await cache.values(under: [key]) == [:] }
            }
        }
    }
}

extension RedisFixture {
    /// Runs `body` on the loop with a cache over the client.
    fileprivate func withCache(
        _ body: @escaping @Sendable (RedisReadCache, RedisClient) async throws -> Void
    ) async throws {
        try await loop.run { [self] actor in
            try await body(RedisReadCache(client: client.value, loop: actor.loop, prefix: "test"), client.value)
        }
    }

    fileprivate func run(_ scenario: ReadCacheScenario) async throws {
        try await loop.run { [self] actor in
            let cache = RedisReadCache(client: client.value, loop: actor.loop, prefix: "test")
            let loop = actor.loop
            try await scenario.run(cache) { await loop.sleep(for: .milliseconds(2)) }
        }
    }
}

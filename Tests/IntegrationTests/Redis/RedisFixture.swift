import IOCore
import Support

@testable import Redis

/// A client and a subscriber on a loop of their own.
final class RedisFixture: Sendable {
    let loop = EventLoop(name: "redis-test")
    let client: LoopBound<RedisClient>
    let subscriber: LoopBound<RedisSubscriber>
    private let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 8)

    /// A prefix that no other run uses.
    let prefix = "redis:\(UInt64.random(in: 0...UInt64.max)):"

    static var sharedURL: String {
        environment("REDIS_URL") ?? "redis://127.0.0.1:6379"
    }

    private init(_ configuration: RedisConfiguration, mode: RedisPubSubMode) async {
        loop.start()
        let (loop, resolver) = (loop, resolver)
        client = await loop.actor.run { _ in
            LoopBound(RedisClient(configuration: configuration, loop: loop, resolver: resolver), loop: loop)
        }
        subscriber = await loop.actor.run { _ in
            LoopBound(
                RedisSubscriber(configuration: configuration, mode: mode, loop: loop, resolver: resolver),
                loop: loop
            )
        }
    }

    /// Runs `body` beside a client and a subscriber that try to stay connected.
    static func run(
        url: String = sharedURL,
        mode: RedisPubSubMode = .sharded,
        waitForConnection: Bool = true,
        configure: (inout RedisConfiguration) -> Void = { _ in },
        _ body: @Sendable @escaping (RedisFixture) async throws -> Void
    ) async throws {
        var configuration = RedisConfiguration(url: try RedisURL(url))
        configuration.reconnectPause = .milliseconds(20)...(.milliseconds(200))
        configuration.bePatient()
        configure(&configuration)
        let fixture = await RedisFixture(configuration, mode: mode)
        let loop = fixture.loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) { await loop.actor.run { _ in await fixture.client.value.run() } }
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await fixture.subscriber.value.run() }
            }
            if waitForConnection { try await fixture.waitUntilConnected() }
            try await body(fixture)
            await fixture.withClient { await $0.shutdown() }
            await fixture.withSubscriber { $0.shutdown() }
            try await group.waitForAll()
        }
        fixture.resolver.shutdown()
        loop.stop()
    }

    func withClient<Success: Sendable>(
        _ body: @Sendable (RedisClient) async throws -> Success
    ) async rethrows -> Success {
        try await loop.actor.run { _ in try await body(client.value) }
    }

    func withSubscriber<Success: Sendable>(
        _ body: @Sendable (RedisSubscriber) async throws -> Success
    ) async rethrows -> Success {
        try await loop.actor.run { _ in try await body(subscriber.value) }
    }

    // The client must be called on its loop, and `#expect` runs what it awaits elsewhere: these may be used inside it.

    @discardableResult
    func send<Command: RedisCommand>(_ command: Command) async throws(RedisError) -> Command.Response {
        let result: Result<Command.Response, RedisError> = await withClient { client in
            do throws(RedisError) {
                return .success(try await client.send(command))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    func evaluate(_ script: RedisScript, keys: [String], arguments: [[UInt8]]) async throws -> RedisReply {
        try await withClient { try await $0.evaluate(script, keys: keys, arguments: arguments) }
    }

    func health() async throws -> Duration {
        try await withClient { try await $0.health() }
    }

    func subscribe(_ channels: [String]) async throws {
        try await withSubscriber { try await $0.subscribe(channels) }
    }

    func waitUntilConnected() async throws {
        try await eventually("no connection") {
            let client = await self.withClient { $0.isAvailable }
            let subscriber = await self.withSubscriber { $0.isAvailable }
            return client && subscriber
        }
    }
}

extension RedisConfiguration {
    /// Waits longer than any machine stands still: what a test is to see then does not depend on that.
    ///
    /// A server that is gone is noticed all the same, by its connections.
    mutating func bePatient() {
        connectDeadline = .seconds(60)
        commandDeadline = .seconds(60)
        watchdogDeadline = .seconds(60)
    }
}

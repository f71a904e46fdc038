import Support
import Synchronization
import Testing

@testable import Redis

/// What a subscriber heard, readable from the test's side.
final class Heard: Sendable {
    private let state = Mutex((messages: [String: [[UInt8]]](), restored: [[String]]()))

    var messageCount: Int { state.withLock { $0.messages.values.reduce(0) { $0 + $1.count } } }
    var restored: [[String]] { state.withLock { $0.restored } }

    func messages(of channel: String) -> [[UInt8]] { state.withLock { $0.messages[channel] ?? [] } }

    func listen(to subscriber: RedisSubscriber) {
        subscriber.onMessage = { channel, payload in
            self.state.withLock { $0.messages[channel, default: []].append(payload) }
        }
        subscriber.onResubscribed = { channels in
            self.state.withLock { $0.restored.append(channels.sorted()) }
        }
    }
}

@Suite(.realTime) struct RedisSubscriberTests {
    @Test(arguments: [RedisPubSubMode.sharded, .classic])
    func `messages of many channels arrive once and in order`(mode: RedisPubSubMode) async throws {
        try await RedisFixture.run(mode: mode) { fixture in
            let heard = Heard()
            let channels = (0..<500).map { "\(fixture.prefix)c\($0)" }
            try await fixture.withSubscriber { subscriber in
                heard.listen(to: subscriber)
                try await subscriber.subscribe(channels)
            }
            // Everyone is confirmed by now, so each of these must be heard.
            for round in 0..<10 {
                for channel in channels {
                    let message = RedisCommands.Publish([0, 13, 10, UInt8(round)], to: channel, mode: mode)
                    let receivers = try await fixture.send(message)
                    #expect(receivers == 1)
                }
            }
            try await eventually("messages are missing") { heard.messageCount >= 5_000 }
            for channel in channels {
                #expect(heard.messages(of: channel) == (0..<10).map { [0, 13, 10, UInt8($0)] })
            }
        }
    }

    @Test(arguments: [RedisPubSubMode.sharded, .classic])
    func `nothing arrives after an unsubscribe`(mode: RedisPubSubMode) async throws {
        try await RedisFixture.run(mode: mode) { fixture in
            let heard = Heard()
            let (kept, left) = (fixture.prefix + "kept", fixture.prefix + "left")
            try await fixture.withSubscriber { subscriber in
                heard.listen(to: subscriber)
                try await subscriber.subscribe([kept, left])
                subscriber.unsubscribe([left])
                // Confirmed after the unsubscription, because the server answers in order.
                try await subscriber.subscribe([kept + "2"])
                #expect(subscriber.channelCount == 2)
            }
            let ofLeft = try await fixture.send(RedisCommands.Publish([1], to: left, mode: mode))
            let ofKept = try await fixture.send(RedisCommands.Publish([2], to: kept, mode: mode))
            #expect(ofLeft == 0 && ofKept == 1)
            try await eventually("no message") { heard.messageCount == 1 }
            #expect(heard.messages(of: kept) == [[2]])
        }
    }

    @Test func `a refused channel is told to its caller and spares the others`() async throws {
        let server = try await PrivateRedis()
        let admin = RedisCommands.Raw("ACL", "SETUSER", "app", "on", ">pw", "~*", "resetchannels", "&ok*", "+@all")
        try await RedisFixture.run(url: server.url) { fixture in
            try await fixture.send(admin)
        }
        try await RedisFixture.run(url: "redis://app:pw@127.0.0.1:\(server.port)") { fixture in
            try await fixture.subscribe(["ok1"])
            await #expect {
                try await fixture.subscribe(["forbidden"])
            } throws: {
                ($0 as? RedisError)?.code == .server(prefix: "NOPERM")
            }
            try await fixture.subscribe(["ok2"])
            #expect(await fixture.withSubscriber { $0.channelCount } == 2)
            #expect(await fixture.withSubscriber { $0.connectionCount } == 1)
        }
    }

    @Test func `a silent but healthy connection is kept`() async throws {
        try await RedisFixture.run {
            $0.watchdogInterval = .milliseconds(20)
            $0.watchdogDeadline = .seconds(60)
        } _: { fixture in
            let pings = { @Sendable in
                let reply = try await fixture.send(RedisCommands.Raw("CLIENT", "LIST", "TYPE", "pubsub"))
                return String(decoding: try reply.decodeOptionalBytes() ?? [], as: UTF8.self)
            }
            try await fixture.subscribe([fixture.prefix + "x"])
            try await eventually("no PING was sent") { try await pings().contains("cmd=ping") }
            #expect(await fixture.withSubscriber { $0.connectionCount } == 1)
        }
    }
}

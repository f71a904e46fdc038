import IOCore
import Support
import Testing

@testable import Redis

@Suite(.realTime) struct RedisClusterTests {
    @Test func `commands and scripts reach the master of their key`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) { fixture in
            let script = RedisScript("return redis.call('INCR', KEYS[1])")
            var owners: Set<RedisAddress> = []
            for number in 0..<200 {
                let key = number % 2 == 0 ? "key\(number)" : "some{\(number)}thing"
                let slot = try await fixture.send(RedisCommands.Raw("CLUSTER", "KEYSLOT", key)).decodeInteger()
                #expect(slot == HashSlot(of: key).rawValue)
                #expect(try await fixture.send(RedisCommands.Set(key, to: [UInt8(number)], lifetime: .seconds(60))))
                #expect(try await fixture.send(RedisCommands.Get(key)) == [UInt8(number)])
                #expect(try await fixture.send(RedisCommands.GetDelete(key)) == [UInt8(number)])
                #expect(try await fixture.evaluate(script, keys: [key], arguments: []) == .integer(1))
                if let owner = await fixture.owner(of: key) { owners.insert(owner) }
            }
            #expect(owners.count == PrivateRedisCluster.masterCount)
            #expect(await fixture.withClient { $0.connectionCount } == PrivateRedisCluster.masterCount)
            #expect(try await fixture.health() > .zero)
        }
    }

    @Test func `messages of channels in every slot arrive once and in order`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) { fixture in
            let (heard, channels) = try await fixture.hearChannelsOfAllMasters()
            for round in 0..<10 {
                for channel in channels {
                    let receivers = try await fixture.send(RedisCommands.Publish([UInt8(round)], to: channel))
                    #expect(receivers == 1)
                }
            }
            try await eventually("messages are missing") { heard.messageCount >= 640 }
            for channel in channels { #expect(heard.messages(of: channel) == (0..<10).map { [UInt8($0)] }) }
            #expect(await fixture.withSubscriber { $0.connectionCount } == PrivateRedisCluster.masterCount)
            await fixture.withSubscriber { $0.unsubscribe(["events:{7}"]) }
            try await eventually("still subscribed") {
                try await fixture.send(RedisCommands.Publish([1], to: "events:{7}")) == 0
            }
            #expect(await fixture.withSubscriber { $0.channelCount } == 63)
        }
    }

    @Test func `a slot that moves to another master takes its keys and channels along`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) { fixture in
            let (heard, _) = try await fixture.hearChannelsOfAllMasters()
            // This slot is the first master's.
            let tag = try #require((0..<64).first { HashSlot(of: "{\($0)}").rawValue < 5_000 })
            let (key, channel) = ("here:{\(tag)}", "events:{\(tag)}")
            try await fixture.send(RedisCommands.Set(key, to: [1]))
            try await cluster.move(slot: HashSlot(of: key).rawValue, from: 0, to: 1) { () async throws -> Void in
                // What the old master has not is asked of the new one, which takes it after ASKING only.
                #expect(try await fixture.send(RedisCommands.Get(key)) == [1])
                #expect(try await fixture.send(RedisCommands.Set("there:{\(tag)}", to: [2])))
                #expect(try await fixture.send(RedisCommands.GetDelete("there:{\(tag)}")) == [2])
                #expect(try await fixture.send(RedisCommands.Publish([3], to: channel)) == 1)
                #expect(await fixture.owner(of: key)?.port == cluster.port(of: 0))
            }
            #expect(try await fixture.send(RedisCommands.Get(key)) == [1])
            #expect(await fixture.owner(of: key)?.port == cluster.port(of: 1))
            try await eventually("the channel was not restored") { heard.restored.joined().contains(channel) }
            #expect(heard.restored.joined().allSatisfy { $0 == channel })
            #expect(try await fixture.send(RedisCommands.Publish([4], to: channel)) == 1)
            try await eventually("messages are missing") { heard.messages(of: channel) == [[3], [4]] }
        }
    }

    @Test func `after a killed master's failover its channels and keys work again within two seconds`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) { fixture in
            let (heard, channels) = try await fixture.hearChannelsOfAllMasters()
            let groups = await fixture.channels(channels, byMasterOf: cluster)
            try await withThrowingTaskGroup(of: Outcomes.self) { publishers in
                let end = EndSign()
                for channel in channels {
                    publishers.addTask { try await fixture.publish(to: channel, until: end) }
                }
                try await Task.sleep(for: .milliseconds(200))
                cluster.kill(0)
                try await fixture.waitForMaster(cluster, 3)
                let failedOver = ContinuousClock.now
                let before = heard.messageCounts(of: groups[0])
                try await eventually("the channels are heard again") {
                    zip(heard.messageCounts(of: groups[0]), before).allSatisfy { $0 > $1 }
                }
                let published = ContinuousClock.now - failedOver
                #expect(published < .seconds(20))
                #expect(Set(heard.restored.joined()) == Set(groups[0]))
                try await fixture.waitUntilConnected()
                print("heard again \(published) after the failover")
                end.raise()
                for try await outcomes in publishers where !groups[0].contains(outcomes.channel) {
                    #expect(outcomes.failures.isEmpty, "\(outcomes.channel) has another master")
                }
            }
            for channel in channels {
                let numbers = heard.messages(of: channel).map { $0.reduce(0) { $0 << 8 | Int($1) } }
                #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            }
            // The old master comes back as a replica, and nothing changes.
            let restorations = heard.restored.count
            try await cluster.start(0)
            #expect(try await fixture.send(RedisCommands.Publish([0], to: groups[0][0])) == 1)
            #expect(heard.restored.count == restorations)
        }
    }

    @Test func `a master that gives way takes its channels to the new one`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) {
            $0.discoveryInterval = .milliseconds(200)
        } _: { fixture in
            let (heard, channels) = try await fixture.hearChannelsOfAllMasters()
            let groups = await fixture.channels(channels, byMasterOf: cluster)
            try await cluster.command("cluster", "failover", on: 4)
            try await fixture.waitForMaster(cluster, 4)
            try await eventually("the channels move") { Set(heard.restored.joined()) == Set(groups[1]) }
            for channel in groups[1] {
                try await eventually("\(channel) is heard again") {
                    _ = try? await fixture.send(RedisCommands.Publish([1], to: channel))
                    return !heard.messages(of: channel).isEmpty
                }
                try await eventually("its owner is known") {
                    await fixture.owner(of: channel)?.port == cluster.port(of: 4)
                }
            }
            for channel in groups[0] + groups[2] {
                #expect(try await fixture.send(RedisCommands.Publish([1], to: channel)) == 1)
            }
            #expect(Set(heard.restored.joined()) == Set(groups[1]), "the other masters' channels stayed")
        }
    }

    @Test func `a frozen master holds up its own slots alone`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) {
            // Longer than a healthy node is kept waiting, by a busy machine too.
            $0.commandDeadline = .seconds(4)
            $0.connectDeadline = .seconds(4)
            $0.watchdogInterval = .milliseconds(200)
            $0.watchdogDeadline = .seconds(4)
        } _: { fixture in
            let (heard, channels) = try await fixture.hearChannelsOfAllMasters()
            let groups = await fixture.channels(channels, byMasterOf: cluster)
            cluster.freeze(2)
            let start = ContinuousClock.now
            for channel in groups[0] + groups[1] {
                #expect(try await fixture.send(RedisCommands.Publish([1], to: channel)) == 1)
            }
            await #expect {
                try await fixture.send(RedisCommands.Publish([1], to: groups[2][0]))
            } throws: {
                ["timeout", "connectionLost", "unavailable"].contains("\(($0 as? RedisError)?.code ?? .shutdown)")
            }
            #expect(ContinuousClock.now - start < .seconds(40))
            try await fixture.waitForMaster(cluster, 5)
            try await eventually("the channels move") { Set(heard.restored.joined()) == Set(groups[2]) }
            // The client finds the new master by itself.
            try await eventually("the slots are served") {
                (try? await fixture.send(RedisCommands.Publish([2], to: groups[2][0]))) == 1
            }
            cluster.thaw(2)
        }
    }

    @Test func `a whole cluster that was away is used again`() async throws {
        let cluster = try await PrivateRedisCluster()
        try await RedisFixture.run(url: cluster.url) { fixture in
            let (heard, channels) = try await fixture.hearChannelsOfAllMasters()
            for node in 0..<6 { cluster.kill(node) }
            try await eventually("the loss went unnoticed") {
                let client = await fixture.withClient { $0.isAvailable }
                let subscriber = await fixture.withSubscriber { $0.isAvailable }
                return !client && !subscriber
            }
            let start = ContinuousClock.now
            await #expect {
                try await fixture.send(RedisCommands.Get("key"))
            } throws: {
                ($0 as? RedisError)?.code == .unavailable
            }
            #expect(ContinuousClock.now - start < .seconds(10), "what is away is refused at once")
            try await cluster.start()
            try await eventually("not restored") { Set(heard.restored.joined()) == Set(channels) }
            try await fixture.waitUntilConnected()
            for channel in channels {
                #expect(try await fixture.send(RedisCommands.Publish([1], to: channel)) == 1)
            }
            try await eventually("messages are missing") { heard.messageCount == 64 }
        }
    }

    @Test func `nodes that name each other for ever are followed five times`() async throws {
        try await onLoop { actor in
            let node = FakeClusterNode(loop: actor.loop)
            defer { node.close() }
            let url = "redis+cluster://127.0.0.1:\(try node.listen())"
            try await RedisFixture.run(url: url) { fixture in
                await #expect {
                    try await fixture.send(RedisCommands.Get("key"))
                } throws: {
                    let error = $0 as? RedisError
                    return error?.code == .unavailable && error?.message.contains("redirections") == true
                }
            }
            #expect(node.commands == 6)
        }
    }

    @Test func `a server that is no cluster says so`() async throws {
        let server = try await PrivateRedis()
        let url = "redis+cluster://127.0.0.1:\(server.port)"
        try await RedisFixture.run(url: url, waitForConnection: false) { fixture in
            try await eventually("the reason is told") {
                do throws(RedisError) {
                    try await fixture.send(RedisCommands.Get("key"))
                    return false
                } catch {
                    return error.code == .unavailable && error.message.contains("cluster support disabled")
                }
            }
        }
    }
}

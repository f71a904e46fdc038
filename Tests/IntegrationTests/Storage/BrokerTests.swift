import Domain
import IOCore
import Messaging
import Mongo
import Redis
import Storage
import Support
import Testing

@Suite(.realTime) struct BrokerTests {
    @Test func `an announcement reaches every node once`() async throws {
        // Publishing has a third of a second. A machine that stands still for so long shows nothing, and tries again.
        var isTaken = false
        for _ in 0..<10 {
            isTaken = try await Self.announcementsAreTaken()
            if isTaken { break }
        }
        #expect(isTaken, "Redis never takes all announcements in time")
    }

    /// Sees each announced where Redis took them in time; false where it did not.
    private static func announcementsAreTaken() async throws -> Bool {
        try await StorageFixture.run { fixture, stores in
            let mine = RecordingSink()
            let broker = stores.broker(to: [LoopBound(mine, loop: fixture.loop)])
            await broker.start()
            let local = LoopBound(broker, loop: fixture.loop)
            let sent = (1...200).map(announcement)
            try await StorageFixture.runNode(besides: fixture) { node, others in
                let theirs = RecordingSink()
                let receiver = others.broker(to: [LoopBound(theirs, loop: node.loop)])
                await receiver.start()
                await fixture.loop.actor.run { _ in await local.value.announce(sent) }
                guard fixture.registry.counter("duologue_announcements_failed_total", help: "").value == 0 else {
                    return
                }
                try await eventually("all arrive") { theirs.announcements.count >= sent.count }
                for chat in Set(sent.map(\.chat)) {
                    #expect(theirs.announcements.filter { $0.chat == chat } == sent.filter { $0.chat == chat })
                }
                #expect((1...2).contains(theirs.restorations), "the second two seconds after the first")
            }
            #expect(mine.announcements == sent, "the node's own come directly, and not again through Redis")
            return fixture.registry.counter("duologue_announcements_failed_total", help: "").value == 0
        }
    }

    @Test func `an ephemeral event reaches every node once, in its loop's order`() async throws {
        try await StorageFixture.run { fixture, stores in
            let mine = RecordingSink()
            let local = LoopBound(stores.broker(to: [LoopBound(mine, loop: fixture.loop)]), loop: fixture.loop)
            await local.value.start()
            let sent = (1...200).map(ephemeral)
            try await StorageFixture.runNode(besides: fixture) { node, others in
                let theirs = RecordingSink()
                let receiver = others.broker(to: [LoopBound(theirs, loop: node.loop)])
                await receiver.start()
                await fixture.loop.actor.run { _ in
                    for event in sent { local.value.announce(ephemeral: event) }
                }
                try await eventually("all arrive") { theirs.ephemeral.count >= sent.count }
                for chat in 0..<7 {
                    let scope = EphemeralEvent.Scope.chat(ChatID(rawValue: Int64(chat)))
                    #expect(theirs.ephemeral.filter { $0.scope == scope } == sent.filter { $0.scope == scope })
                }
                #expect(theirs.announcements.isEmpty)
            }
            #expect(mine.ephemeral == sent, "the node's own come directly, and not again through Redis")
        }
    }

    @Test func `while Redis is away the own loops are still told, soon`() async throws {
        try await StorageFixture.run { fixture, _ in
            let resolver = BlockingPool(name: "resolver", threads: 1, queueLimit: 8)
            defer { _ = resolver.submit {} }
            let nobody = RedisConfiguration(url: try RedisURL("redis://127.0.0.1:1"))
            let sink = RecordingSink()
            let broker = RedisBroker(
                node: .random(),
                loop: fixture.loop,
                client: RedisClient(configuration: nobody, loop: fixture.loop, resolver: resolver),
                subscriber: RedisSubscriber(configuration: nobody, loop: fixture.loop, resolver: resolver),
                sinks: [LoopBound(sink, loop: fixture.loop)],
                prefix: "nobody",
                registry: fixture.registry,
                logger: fixture.logger
            )
            await broker.start()
            let start = ContinuousClock.now
            await broker.announce([announcement(1)])
            #expect(ContinuousClock.now - start < .seconds(10))
            try await eventually("its own node hears of it") { sink.announcements.count == 1 }
            let failed = fixture.registry.counter("duologue_announcements_failed_total", help: "")
            #expect(failed.value == 1)
            broker.announce(ephemeral: ephemeral(1))
            try await eventually("its own node hears of that too") { sink.ephemeral == [ephemeral(1)] }
            #expect(fixture.registry.counter("duologue_ephemeral_dropped_total", help: "").value == 1)
        }
    }

    @Test func `what Redis did not take is repeated once it is back, of each chat the newest`() async throws {
        let server = try await PrivateRedis()
        try await StorageFixture.withDatabases { databases in
            var databases = databases
            databases.stores.redis.url = try RedisURL(server.url)
            try await StorageFixture.with(databases, setUpMongo: false) { fixture, stores in
                let broker = stores.broker(to: [])
                let local = LoopBound(broker, loop: fixture.loop)
                try await StorageFixture.runNode(besides: fixture) { node, others in
                    let theirs = RecordingSink()
                    let receiver = others.broker(to: [LoopBound(theirs, loop: node.loop)])
                    await receiver.start()
                    server.kill()
                    await fixture.loop.actor.run { _ in await local.value.announce([2, 72, 3].map(announcement)) }
                    try await server.start()
                    try await eventually("it hears again") {
                        await fixture.loop.actor.run { _ in await local.value.announce([announcement(4)]) }
                        return !theirs.announcements.isEmpty
                    }
                    let stop = ShutdownSignal()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask(executorPreference: fixture.loop) {
                            await fixture.loop.actor.run { _ in await local.value.run(until: stop) }
                        }
                        defer { stop.trigger() }
                        try await eventually("they are repeated") {
                            theirs.announcements.contains { $0.offset.rawValue == 3 }
                        }
                    }
                    #expect(Set(theirs.announcements.map(\.offset.rawValue)) == [72, 3, 4])
                    // What was published in the gap may still be covered when the subscription is back.
                    try await eventually("heads are compared once more") {
                        theirs.restorations >= 3
                    }
                }
            }
        }
    }
}

private func ephemeral(_ number: Int) -> EphemeralEvent {
    EphemeralEvent(
        to: number % 7 == 0 ? .users([UserID(rawValue: 1)]) : .chat(ChatID(rawValue: Int64(number % 7))),
        excluding: number % 2 == 0 ? UserID(rawValue: Int64(number)) : nil,
        payload: Array("{\"n\":\(number)}".utf8)
    )
}

private func announcement(_ number: Int64) -> Announcement {
    Announcement(
        chat: ChatID(rawValue: number % 70),
        offset: Offset(rawValue: number),
        kind: .messageCreated,
        sequence: SequenceNumber(rawValue: number),
        payload: Array("{\"n\":\(number)}".utf8)
    )
}

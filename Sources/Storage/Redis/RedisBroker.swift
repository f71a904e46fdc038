package import Domain
package import IOCore
internal import Messaging
package import Redis

/// Carries announcements and ephemeral events to the loops of this node directly and to other nodes through Redis.
///
/// Loop-bound, one for each loop that writes; one of a node's brokers, the one with a subscriber, also receives.
///
/// Announcements of a chat travel on the channel of its bucket, so on Redis Cluster a node can follow the shards. Redis
/// losing some is expected: hubs order by offset, and `connectionRestored` makes them look for what they missed. What Redis
/// did not take is repeated, of each chat the newest, as soon as it does.
/// Ephemeral events travel beside them, while less than half of the queue to Redis is taken.
package final class RedisBroker: Broker {
    /// The channels announcements are spread over.
    package static let bucketCount: Int64 = 64

    private let node: NodeID
    private let loop: EventLoop
    private let client: RedisClient
    private let subscriber: RedisSubscriber?
    private let sinks: [LoopBound<any AnnouncementSink>]
    private let prefix: String
    private let logger: Logger
    private let published: Counter
    private let failures: Counter
    private let received: Counter
    private let unreadable: Counter
    private let dropped: Counter
    /// What this tick brought of other nodes, and ephemeral events of this one.
    private var arrived: [Announcement] = []
    private var events: [EphemeralEvent] = []
    private var isDeliveryDue = false
    private var missed = MissedAnnouncements(limitBytes: 8 * 1024 * 1024)
    /// Raised when something was missed.
    private let signal: WakeSignal

    /// How long publishing may hold up the lane.
    private static let deadline: Duration = .milliseconds(300)
    /// Between two attempts to repeat what was missed.
    private static let pause: Duration = .milliseconds(250)
    /// After a subscription is back, what was announced during the gap may be covered by its redo for so long, and is no
    /// head until then.
    private static let coveredAtMost: Duration = .seconds(2)
    /// While there is no subscription, hubs look into Postgres so often for what other nodes announced.
    private static let lookAgain: Duration = .seconds(2)
    private var isEnded = false

    /// Makes a broker of one loop that hands announcements to the sinks of all loops of the node.
    package init(
        node: NodeID,
        loop: EventLoop,
        client: RedisClient,
        subscriber: RedisSubscriber?,
        sinks: [LoopBound<any AnnouncementSink>],
        prefix: String,
        registry: MetricsRegistry,
        logger: Logger
    ) {
        self.node = node
        self.loop = loop
        self.client = client
        self.subscriber = subscriber
        self.sinks = sinks
        self.prefix = prefix
        self.logger = logger
        signal = WakeSignal(loop: loop)
        published = registry.counter("duologue_announcements_published_total", help: "Announcements Redis took.")
        failures = registry.counter("duologue_announcements_failed_total", help: "Announcements Redis did not take.")
        received = registry.counter("duologue_announcements_received_total", help: "Announcements of other nodes.")
        unreadable = registry.counter("duologue_announcements_unreadable_total", help: "Messages that are not ours.")
        dropped = registry.counter(
            "duologue_ephemeral_dropped_total",
            help: "Ephemeral events that other nodes did not get, because Redis was away or behind."
        )
    }

    /// Subscribes, and repeats what Redis did not take, until `shutdown` is given.
    package func run(until shutdown: ShutdownSignal) async {
        await start()
        defer { isEnded = true }
        if subscriber != nil { watchSubscription() }
        let (loop, bound) = (loop, LoopBound(self, loop: loop))
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: loop) {
                await shutdown.wait()
                await loop.actor.run { _ in bound.value.signal.raise() }
            }
            while !shutdown.isTriggered {
                await signal.wait(atMost: missed.isEmpty ? nil : Self.pause)
                guard !missed.isEmpty else { continue }
                await publish(missed.takeAll())
                // What is refused again waits as well.
                signal.clear()
            }
        }
    }

    // MARK: Receiving

    /// Subscribes to every bucket; without effect in a broker that has no subscriber.
    ///
    /// Where Redis is away it returns as well, and the subscription follows with the connection.
    package func start() async {
        guard let subscriber else { return }
        subscriber.onMessage = { [weak self] _, payload in self?.receive(payload) }
        subscriber.onResubscribed = { [weak self] _ in self?.restored() }
        do throws(RedisError) {
            try await subscriber.subscribe((0..<Self.bucketCount).map(channel(ofBucket:)))
            restored()
        } catch {
            logger.warning("not subscribed to other nodes yet", ["error": .string(error.description)])
        }
    }

    private func receive(_ payload: [UInt8]) {
        // The loops of this node were told before Redis was.
        if let (announcement, origin) = AnnouncementCodec.decode(payload) {
            guard origin != node else { return }
            received.increment()
            arrived.append(announcement)
        } else if let (event, origin) = EphemeralCodec.decode(payload) {
            guard origin != node else { return }
            events.append(event)
        } else {
            return unreadable.increment()
        }
        deliverAtEndOfTick()
    }

    private func deliverAtEndOfTick() {
        guard !isDeliveryDue else { return }
        isDeliveryDue = true
        loop.atEndOfTick { [weak self] in
            guard let self else { return }
            let (announcements, ephemeral) = (arrived, events)
            arrived = []
            events = []
            isDeliveryDue = false
            if !announcements.isEmpty { deliver(announcements) }
            guard !ephemeral.isEmpty else { return }
            for sink in sinks { sink.loop.execute { sink.value.receive(ephemeral) } }
        }
    }

    private func restored() {
        tellRestored()
        loop.schedule(after: Self.coveredAtMost) { [weak self] in self?.tellRestored() }
    }

    private func watchSubscription() {
        loop.schedule(after: Self.lookAgain) { [weak self] in
            guard let self, !isEnded else { return }
            if subscriber?.isAvailable == false { tellRestored() }
            watchSubscription()
        }
    }

    private func tellRestored() {
        for sink in sinks { sink.loop.execute { sink.value.connectionRestored() } }
    }

    // MARK: Announcing

    package func announce(_ announcements: [Announcement]) async {
        guard !announcements.isEmpty else { return }
        deliver(announcements)
        await publish(announcements)
    }

    /// Tells other nodes; what Redis does not take is kept to be repeated.
    private func publish(_ announcements: [Announcement]) async {
        let client = LoopBound(client, loop: loop)
        // Children of one loop send in the tick they start in, so all go out in one write.
        let refused = await withTaskGroup(of: Announcement?.self) { [loop] group in
            for announcement in announcements {
                let message = AnnouncementCodec.encode(announcement, from: node)
                let command = RedisCommands.Publish(message, to: channel(of: announcement.chat))
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        (try? await client.value.send(command, deadline: Self.deadline)) == nil ? announcement : nil
                    }
                }
            }
            return await group.reduce(into: [Announcement]()) { refused, announcement in
                if let announcement { refused.append(announcement) }
            }
        }
        published.increment(by: announcements.count - refused.count)
        failures.increment(by: refused.count)
        guard !refused.isEmpty else { return }
        for announcement in refused { missed.insert(announcement) }
        signal.raise()
    }

    package func announce(ephemeral event: EphemeralEvent) {
        let bucket: Int64
        switch event.scope {
        case .chat(let chat): bucket = chat.rawValue % Self.bucketCount
        case .users(let users):
            guard let first = users.first else { return }
            bucket = first.rawValue % Self.bucketCount
        case .chats(_, let user), .user(let user, _), .sockets(let user, _):
            bucket = user.rawValue % Self.bucketCount
        }
        deliver(ephemeral: event)
        let message = EphemeralCodec.encode(event, from: node)
        if !client.post(RedisCommands.Publish(message, to: channel(ofBucket: bucket))) { dropped.increment() }
    }

    package func deliver(ephemeral event: EphemeralEvent) {
        events.append(event)
        deliverAtEndOfTick()
    }

    private func deliver(_ announcements: [Announcement]) {
        for sink in sinks { sink.loop.execute { sink.value.receive(announcements) } }
    }

    private func channel(of chat: ChatID) -> String { channel(ofBucket: chat.rawValue % Self.bucketCount) }

    private func channel(ofBucket bucket: Int64) -> String { "\(prefix):events:{\(bucket)}" }
}

package import Domain
package import IOCore
internal import Messaging
package import Redis

/// Carries announcements and ephemeral events to the loops of this node directly and to other nodes through Redis.
///
/// Loop-bound, one for each loop that writes; one of a node's brokers, the one with a subscriber, also receives.
///
/// Announcements of a chat travel on the channel of its bucket, so on Redis Cluster a node can follow the shards. Redis
/// losing some is expected: hubs order by offset, and `connectionRestored` makes them look for what they missed.
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

    /// How long publishing may hold up the lane.
    private static let deadline: Duration = .milliseconds(300)

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
        published = registry.counter("duologue_announcements_published_total", help: "Announcements Redis took.")
        failures = registry.counter("duologue_announcements_failed_total", help: "Announcements Redis did not take.")
        received = registry.counter("duologue_announcements_received_total", help: "Announcements of other nodes.")
        unreadable = registry.counter("duologue_announcements_unreadable_total", help: "Messages that are not ours.")
        dropped = registry.counter(
            "duologue_ephemeral_dropped_total",
            help: "Ephemeral events that other nodes did not get, because Redis was away or behind."
        )
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
        for sink in sinks { sink.loop.execute { sink.value.connectionRestored() } }
    }

    // MARK: Announcing

    package func announce(_ announcements: [Announcement]) async {
        guard !announcements.isEmpty else { return }
        deliver(announcements)
        let client = LoopBound(client, loop: loop)
        let messages = announcements.map {
            RedisCommands.Publish(AnnouncementCodec.encode($0, from: node), to: channel(of: $0.chat))
        }
        // Children of one loop send in the tick they start in, so all go out in one write.
        let count = await withTaskGroup(of: Bool.self) { [loop] group in
            for message in messages {
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        (try? await client.value.send(message, deadline: Self.deadline)) != nil
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        published.increment(by: count)
        failures.increment(by: messages.count - count)
    }

    package func announce(ephemeral event: EphemeralEvent) {
        let bucket: Int64
        switch event.scope {
        case .chat(let chat): bucket = chat.rawValue % Self.bucketCount
        case .users(let users):
            guard let first = users.first else { return }
            bucket = first.rawValue % Self.bucketCount
        }
        events.append(event)
        deliverAtEndOfTick()
        let message = EphemeralCodec.encode(event, from: node)
        if !client.post(RedisCommands.Publish(message, to: channel(ofBucket: bucket))) { dropped.increment() }
    }

    private func deliver(_ announcements: [Announcement]) {
        for sink in sinks { sink.loop.execute { sink.value.receive(announcements) } }
    }

    private func channel(of chat: ChatID) -> String { channel(ofBucket: chat.rawValue % Self.bucketCount) }

    private func channel(ofBucket bucket: Int64) -> String { "\(prefix):events:{\(bucket)}" }
}

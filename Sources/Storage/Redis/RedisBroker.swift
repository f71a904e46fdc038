package import Domain
package import IOCore
internal import Messaging
package import Redis

/// Carries announcements to the loops of this node directly and to other nodes through Redis.
///
/// Loop-bound, one for each loop that writes; one of a node's brokers, the one with a subscriber, also receives.
///
/// Announcements of a chat travel on the channel of its bucket, so on Redis Cluster a node can follow the shards. Redis
/// losing some is expected: hubs order by offset, and `connectionRestored` makes them look for what they missed.
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
    private var arrived: [Announcement] = []

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
        guard let (announcement, origin) = AnnouncementCodec.decode(payload) else { return unreadable.increment() }
        // The loops of this node were told before Redis was.
        guard origin != node else { return }
        received.increment()
        arrived.append(announcement)
        guard arrived.count == 1 else { return }
        loop.atEndOfTick { [weak self] in
            guard let self else { return }
            let batch = arrived
            arrived = []
            deliver(batch)
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

    private func deliver(_ announcements: [Announcement]) {
        for sink in sinks { sink.loop.execute { sink.value.receive(announcements) } }
    }

    private func channel(of chat: ChatID) -> String { channel(ofBucket: chat.rawValue % Self.bucketCount) }

    private func channel(ofBucket bucket: Int64) -> String { "\(prefix):events:{\(bucket)}" }
}

package import Domain
package import IOCore
package import Messaging

/// Passes the durable events of this loop's chats to this loop's sockets: per chat in offset order, each once,
/// without a hole.
///
/// Loop-bound.
///
/// Membership is applied in the same order: somebody added gets the event that adds them first, somebody removed the
/// event that removes them last. A hole, or a tail that a head check finds, is filled from the stores.
package final class Hub: AnnouncementSink {
    let loop: EventLoop
    let settings: GatewaySettings
    let metrics: GatewayMetrics
    let logger: Logger
    let directory: any ChatDirectory
    let reader: HistoryReader

    /// Asked to have events of a chat finished, up to an offset, that a redo has covered for longer than a hole may stay.
    package var finishCovering: ((ChatID, Offset) -> Void)?

    /// Given the ephemeral events that arise here, for all loops and nodes.
    package var publish: ((EphemeralEvent) -> Void)?

    /// Told whose sockets come and go; nil where nobody is to know.
    package var presence: PresenceBoard?

    /// Asked who is not to see whom typing; nil where everybody may.
    package var scope: (any PresenceScope)?

    var typing = TypingStates()
    /// Changes that wait for that to be known.
    var untoldTyping: [(place: TypingStates.Place, isTyping: Bool)] = []
    var isTellingTyping = false
    var isTypingWatched = false
    var channels: [ChatID: ChatChannel] = [:]
    private var recent: RecentEvents
    var sessions: [UserID: [any EventReceiver]] = [:]
    /// What is to be looked up in the stores: holes, heads, and what those missed who come late.
    let repairs: WorkLane
    /// Lent to those who read the stores for a socket, so that a storm of clients asks at a bounded rate.
    let reads: ConnectionPool<ReadPermit>
    var queuedFills: Set<ChatID> = []
    private var headsDue = false
    private var isEnded = false
    /// Writes of the loop that are counted.
    private var writesCounted = 0

    private var nextHeartbeat: ContinuousClock.Instant

    static let fillLimit = 100
    private static let readsAtOnce = 64
    /// Repairs under way at once, so that one that waits for a store holds up few others.
    private static let repairsAtOnce = 8
    private static let waitingReads = 100_000
    private static let sweepInterval = Duration.seconds(1)

    /// Makes a hub over stores of the same loop.
    package init(
        loop: EventLoop,
        directory: any ChatDirectory,
        reader: HistoryReader,
        settings: GatewaySettings,
        metrics: GatewayMetrics,
        logger: Logger
    ) {
        self.loop = loop
        self.directory = directory
        self.reader = reader
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        repairs = WorkLane(loop: loop, width: Self.repairsAtOnce)
        reads = ConnectionPool(loop: loop, waiterLimit: Self.waitingReads)
        recent = RecentEvents(age: settings.recentAge, byteLimit: settings.recentBytes)
        for _ in 0..<Self.readsAtOnce { reads.offer(ReadPermit()) }
        nextHeartbeat = loop.now + settings.heartbeat
    }

    /// Names the history, and changes only when some of it was lost; nil until the stores have told it.
    private(set) var epoch: String?

    /// Lets sockets in.
    package func open(epoch: String) { self.epoch = epoch }

    /// Sockets on this loop.
    package var sessionCount: Int { sessions.values.reduce(0) { $0 + $1.count } }

    // MARK: Events

    package func receive(_ announcements: [Announcement]) {
        for announcement in announcements {
            for user in announcement.added {
                for session in sessions[user] ?? [] { expect(session, user, in: announcement) }
            }
            order(announcement)
        }
    }

    /// Puts an event into its chat's order, where that is heard, and sends what is due by it.
    func order(_ announcement: Announcement) {
        guard let channel = channels[announcement.chat] else { return }
        pass(channel.stream.receive(announcement), to: channel)
        if channel.stream.hasHole { scheduleFill(of: channel) } else { forgetIfUnused(channel) }
    }

    package func connectionRestored() {
        guard !headsDue else { return }
        headsDue = true
        repairs.add { [self] in
            headsDue = false
            await compareHeads()
            await compareMemberships()
        }
    }

    /// Sends events that are due to the members of a chat.
    func pass(_ due: [Announcement], to channel: ChatChannel) {
        if !due.isEmpty { channel.holeDelay = nil }
        for announcement in due {
            let event = OutboundEvent(announcement)
            keep(event, of: channel)
            channel.hasNews = true
            metrics.events.increment()
            for user in event.added { add(user, to: channel, at: event.offset) }
            metrics.deliveries.increment(by: channel.members.count)
            // Closing a slow socket changes the list, so it is not walked in place.
            for member in channel.members where member.from < event.offset { member.session.deliver(event.frame) }
            for user in event.removed { remove(user, from: channel, at: event.offset) }
        }
    }

    /// Keeps an event for those who connect a little later; chats without sockets are kept as long as their events.
    private func keep(_ event: OutboundEvent, of channel: ChatChannel) {
        recent.release(channel.stream.remember(event))
        recent.add(event, of: channel, now: loop.now)
        forgetOld(now: loop.now)
    }

    func forgetOld(now: ContinuousClock.Instant) {
        while let (channel, offset) = recent.next(now: now) {
            recent.release(channel.stream.forget(through: offset))
            forgetIfUnused(channel)
        }
    }

    // MARK: Repairs

    /// Fills holes and compares heads until `shutdown` is given.
    package func run(until shutdown: ShutdownSignal) async {
        scheduleSweep()
        let (loop, bound) = (loop, LoopBound(self, loop: loop))
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: loop) {
                await shutdown.wait()
                await loop.actor.run { _ in bound.value.end() }
            }
            await repairs.run()
        }
    }

    private func end() {
        isEnded = true
        repairs.cancel()
        reads.shutdown()
    }

    // MARK: Time

    private func scheduleSweep() {
        loop.schedule(after: Self.sweepInterval) { [weak self] in
            guard let self, !isEnded else { return }
            sweep()
            scheduleSweep()
        }
    }

    private func sweep() {
        let now = loop.now
        let time = settings.now()
        for session in sessions.values.flatMap({ $0 }) { session.checkDeadlines(now: now, time: time) }
        forgetOld(now: now)
        metrics.writes.increment(by: loop.writeCount - writesCounted)
        writesCounted = loop.writeCount
        guard now >= nextHeartbeat else { return }
        nextHeartbeat = now + settings.heartbeat
        heartbeat()
        connectionRestored()
    }

    private func heartbeat() {
        var news: [ObjectIdentifier: [(ChatID, Offset)]] = [:]
        for channel in channels.values where channel.hasNews {
            channel.hasNews = false
            guard let delivered = channel.stream.delivered else { continue }
            for member in channel.members where member.from < delivered {
                news[ObjectIdentifier(member.session), default: []].append((channel.chat, delivered))
            }
        }
        let quiet = ServerFrames.heartbeat([])
        for session in sessions.values.flatMap({ $0 }) where session.subscription.isLive {
            session.deliver(news[ObjectIdentifier(session)].map(ServerFrames.heartbeat) ?? quiet)
        }
    }
}

/// The right to read the stores for one socket.
final class ReadPermit {}

internal import IOCore

/// The links to every master: to one server, or to those of a cluster, whose slots it follows.
///
/// Loop-bound.
///
/// A single server is a fleet of one that serves every slot and is never asked for them. Of a cluster the map is learnt at
/// the start, now and then, and soon whenever a redirection, a lost connection or a slot without a master shows that it is
/// out of date; then again and again, with backoff, until every slot's master is connected.
final class RedisFleet {
    /// Called when a link has a connection.
    var onOpen: (RedisLink, RedisConnection) -> Void = { _, _ in }
    /// Called when a link lost its connection.
    var onLoss: (RedisLink, RedisError) -> Void = { _, _ in }
    /// Called when the map was learnt, whether or not it changed.
    var onMap: () -> Void = {}
    /// How often a connection was established.
    private(set) var connectionCount = 0
    private(set) var links: [RedisAddress: RedisLink] = [:]

    let isCluster: Bool
    private let configuration: RedisConfiguration
    private let loop: EventLoop
    private let resolver: BlockingPool
    private let discovery: SlotDiscovery
    private var map: SlotMap
    private var mapFailure: RedisError?
    private var preferred: RedisAddress?
    private let arrivals = LoopQueue<RedisLink>()
    private let outdated: WakeSignal
    private let pause: WakeSignal
    private var isStopped = false

    init(configuration: RedisConfiguration, loop: EventLoop, resolver: BlockingPool) {
        self.configuration = configuration
        self.loop = loop
        self.resolver = resolver
        isCluster = configuration.url.isCluster
        discovery = SlotDiscovery(configuration: configuration, loop: loop, resolver: resolver)
        outdated = WakeSignal(loop: loop)
        pause = WakeSignal(loop: loop)
        map = SlotMap()
        guard !isCluster, let server = configuration.url.addresses.first else { return }
        map = SlotMap(allAt: server)
        _ = link(to: server)
    }

    // MARK: - Who serves what

    /// True while every master of a whole map is connected.
    var isConnected: Bool {
        !isStopped && map.isComplete && map.masters.allSatisfy { links[$0]?.isOpen == true }
    }

    /// The link to the master of a slot, or why there is none; without a slot, to any server that is connected.
    func link(serving slot: HashSlot?) throws(RedisError) -> RedisLink {
        if let slot {
            if let owner = map.owner(of: slot) { return link(to: owner) }
            refresh()
        } else if let any = links.values.first(where: \.isOpen) ?? links.values.first {
            return any
        }
        throw RedisError(.unavailable, mapFailure?.message ?? "the cluster's slots are not known")
    }

    /// Who serves a slot as far as is known.
    func owner(of slot: HashSlot) -> RedisAddress? { map.owner(of: slot) }

    /// Takes notice of a server's refusal; where it names another one, returns the link to that.
    func follow(_ error: RedisError, from link: RedisLink) -> (link: RedisLink, isAsking: Bool)? {
        guard isCluster, error.isDisplacement else { return nil }
        guard let redirection = Redirection(error) else {
            refresh()
            return nil
        }
        let target = redirection.target(answering: link.address)
        if redirection.kind == .moved {
            map.assign(redirection.slot, to: target)
            refresh(asking: target)
        }
        return (self.link(to: target), redirection.kind == .ask)
    }

    /// Lets the map of a cluster be learnt again soon.
    func refresh(asking address: RedisAddress? = nil) {
        guard isCluster else { return }
        if let address { preferred = address }
        outdated.raise()
    }

    // MARK: - Life

    /// Keeps the links until ``stop()``, and returns when all of them are closed.
    func run() async {
        await withDiscardingTaskGroup { group in
            let fleet = LoopBound(self, loop: loop)
            if isCluster {
                group.addTask(executorPreference: loop) {
                    await fleet.loop.actor.run { _ in await fleet.value.followSlots() }
                }
            }
            while let link = await arrivals.next() {
                let arrived = LoopBound(link, loop: loop)
                group.addTask(executorPreference: loop) {
                    await arrived.loop.actor.run { _ in await arrived.value.run() }
                }
            }
        }
    }

    /// Ends ``run()`` once what is pending is answered.
    func stop() {
        isStopped = true
        discovery.stop()
        for link in links.values { link.stop() }
        arrivals.finish()
        outdated.raise()
        pause.raise()
    }

    private func link(to address: RedisAddress) -> RedisLink {
        if let link = links[address] { return link }
        let link = RedisLink(address, configuration: configuration, loop: loop, resolver: resolver)
        link.onOpen = { [weak self, unowned link] connection in
            guard let self else { return }
            connectionCount += 1
            onOpen(link, connection)
        }
        link.onLoss = { [weak self, unowned link] error in
            guard let self else { return }
            onLoss(link, error)
            refresh()
        }
        guard !isStopped else {
            link.stop()
            return link
        }
        links[address] = link
        arrivals.append(link)
        return link
    }

    // MARK: - The map

    private func followSlots() async {
        var backoff = Backoff(
            initial: configuration.discoveryPause.lowerBound,
            maximum: configuration.discoveryPause.upperBound
        )
        while !isStopped {
            outdated.clear()
            await learn()
            guard !isStopped else { break }
            // However many redirections come, nobody is asked more often than this.
            await pause.wait(atMost: backoff.next())
            guard !isStopped, isConnected else { continue }
            let start = loop.now
            await outdated.wait(atMost: configuration.discoveryInterval)
            if loop.now - start > configuration.discoveryPause.upperBound { backoff.reset() }
        }
    }

    private func learn() async {
        let asked = preferred
        preferred = nil
        do throws(RedisError) {
            let learnt = try await discovery.learn(besides: map, preferred: asked)
            guard !isStopped else { return }
            map = learnt
            mapFailure = nil
            for address in map.masters { _ = link(to: address) }
            retireLinks()
            onMap()
        } catch {
            mapFailure = error
        }
    }

    /// Lets go of servers that serve no slot any more.
    private func retireLinks() {
        let masters = Set(map.masters)
        for (address, link) in links where !masters.contains(address) {
            links[address] = nil
            link.stop()
        }
    }
}

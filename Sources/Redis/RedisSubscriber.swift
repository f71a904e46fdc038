package import IOCore

/// Receives the messages of many channels on a connection of its own to the server, or to each master of a cluster.
///
/// Loop-bound; one per loop.
/// Channels form a set without counts: subscribing twice is one subscription, and one unsubscribe ends it.
/// Messages of a channel come in the order the server had them, each at most once; while the connection is away, or the
/// channel's slot on its way to another master, they are lost. After every such gap ``onResubscribed`` names the channels
/// that may have missed some.
package final class RedisSubscriber {
    private typealias Waiter = (Result<Void, RedisError>) -> Void
    private typealias State = SubscriptionState<Waiter>

    /// Called for each message, on the loop, before the next one is read; must not block.
    package var onMessage: (_ channel: String, _ payload: [UInt8]) -> Void = { _, _ in }
    /// Called when channels are subscribed again after a gap, which began when the connection or the slot was lost.
    ///
    /// Messages that arrive before this call may already be from after the gap.
    package var onResubscribed: (_ channels: [String]) -> Void = { _ in }

    private let configuration: RedisConfiguration
    private let mode: RedisPubSubMode
    private let loop: EventLoop
    private let fleet: RedisFleet
    /// The channels at each master; at the one server, all of them.
    private var states: [RedisAddress: State] = [:]
    /// Wanted channels whose slot nobody is known to serve.
    private var homeless: Set<String> = []
    private var isShutDown = false

    /// Makes a subscriber that connects when ``run()`` runs; publishers must use the same mode.
    package init(
        configuration: RedisConfiguration,
        mode: RedisPubSubMode = .sharded,
        loop: EventLoop,
        resolver: BlockingPool
    ) {
        self.configuration = configuration
        self.mode = mode
        self.loop = loop
        fleet = RedisFleet(configuration: configuration, loop: loop, resolver: resolver)
        fleet.onOpen = { [weak self] link, connection in self?.opened(link, connection) }
        fleet.onLoss = { [weak self] link, error in self?.lost(link, error) }
        fleet.onMap = { [weak self] in self?.findHomes() }
    }

    // MARK: - Life

    /// Keeps the connections until ``shutdown()`` or the cancellation of the calling task; call once, on the loop.
    package func run() async {
        let box = LoopBound(self, loop: loop)
        await withTaskCancellationHandler {
            await fleet.run()
        } onCancel: {
            box.loop.execute { box.value.shutdown() }
        }
    }

    /// Closes the connections and resumes every waiter with ``RedisError/Code/shutdown``; ``run()`` then returns.
    package func shutdown() {
        isShutDown = true
        fleet.stop()
        for link in fleet.links.values { link.close(Self.shutDown) }
    }

    /// True while the server, or every master of a cluster, is connected; it may be lost the moment after.
    package var isAvailable: Bool { fleet.isConnected }
    /// How often a connection was established.
    package var connectionCount: Int { fleet.connectionCount }
    /// How many channels are wanted.
    package var channelCount: Int { states.values.reduce(homeless.count) { $0 + $1.channelCount } }

    // MARK: - Channels

    /// Adds channels and returns when the server has confirmed all of them: what is published later arrives.
    ///
    /// Whatever it throws but `overloaded`, `server` and `shutdown`, the channels stay wanted and are subscribed as soon
    /// as the server allows, announced by ``onResubscribed``; who does not want that calls ``unsubscribe(_:)``.
    /// - Throws: at once with `unavailable` while there is no connection, with `timeout` after the command deadline.
    package func subscribe(_ channels: [String]) async throws(RedisError) {
        var timer: LoopTimer?
        let result: Result<Void, RedisError> = await withCheckedContinuation { continuation in
            let call = SubscriptionCall { continuation.resume(returning: $0) }
            timer = loop.schedule(after: configuration.commandDeadline) {
                call.fail(RedisError(.timeout, "the subscription was not confirmed in time"))
            }
            begin(call, Set(channels))
        }
        timer?.cancel()
        try result.get()
    }

    /// Removes channels without waiting; messages already on their way may still arrive.
    package func unsubscribe(_ channels: [String]) {
        homeless.subtract(channels)
        for (address, names) in Dictionary(grouping: Set(channels), by: { home(of: $0) }) {
            guard let address, let actions = states[address]?.unsubscribe(names) else { continue }
            perform(actions, at: address)
        }
    }

    private func begin(_ call: SubscriptionCall, _ names: Set<String>) {
        guard !isShutDown else { return call.fail(Self.shutDown) }
        let new = names.count { home(of: $0) == nil && !homeless.contains($0) }
        guard channelCount + new <= configuration.channelLimit else {
            let limit = configuration.channelLimit
            return call.fail(RedisError(.overloaded, "\(limit) channels are subscribed or awaited"))
        }
        homeless.subtract(names)
        let parts = Dictionary(grouping: names) { home(of: $0) ?? owner(of: $0) }
        call.expect(parts.count)
        for (address, names) in parts {
            guard let address else {
                homeless.formUnion(names)
                fleet.refresh()
                call.fail(RedisError(.unavailable, "the channels' slots have no master; they are remembered"))
                continue
            }
            let waiter: Waiter = { [weak self] result in
                // Whoever gave the call up is told in the other way.
                if !call.settle(result), case .success = result { self?.onResubscribed(names) }
            }
            perform(withState(at: address) { $0.subscribe(names, waiter: waiter) }, at: address)
        }
    }

    // MARK: - Homes

    private static let shutDown = RedisError(.shutdown, "the subscriber is shut down")

    private func owner(of channel: String) -> RedisAddress? { fleet.owner(of: HashSlot(of: channel)) }

    private func home(of channel: String) -> RedisAddress? {
        states.first { $0.value.contains(channel) }?.key
    }

    private func withState<Success>(at address: RedisAddress, _ body: (inout State) -> Success) -> Success {
        body(
            &states[
                address,
                default: State(limit: configuration.channelLimit, separatesSlots: fleet.isCluster && mode == .sharded)
            ]
        )
    }

    /// Moves channels to the masters that serve their slots now.
    private func findHomes() {
        var moving = Array(homeless)
        homeless = []
        for address in Array(states.keys) {
            if fleet.links[address] == nil {
                moving += states[address]?.names ?? []
                let actions = states[address]?.disconnected(RedisError(.connectionLost, "the master left the cluster"))
                states[address] = nil
                perform(actions ?? [], at: address)
            } else {
                let leaving = states[address]?.names.filter { (owner(of: $0) ?? address) != address } ?? []
                moving += leaving
                perform(withState(at: address) { $0.forget(leaving) }, at: address)
            }
        }
        for (address, names) in Dictionary(grouping: moving, by: { owner(of: $0) }) {
            guard let address else {
                homeless.formUnion(names)
                continue
            }
            perform(withState(at: address) { $0.adopt(names) }, at: address)
        }
    }

    // MARK: - Connections

    private func opened(_ link: RedisLink, _ connection: RedisConnection) {
        guard fleet.links[link.address] === link else { return }
        connection.becomeSubscriber { [weak self, unowned link] in self?.receive($0, from: link) }
        perform(withState(at: link.address) { $0.connected() }, at: link.address)
    }

    private func lost(_ link: RedisLink, _ reason: RedisError) {
        guard fleet.links[link.address] === link else { return }
        perform(withState(at: link.address) { $0.disconnected(reason) }, at: link.address)
    }

    private func receive(_ reply: RedisReply, from link: RedisLink) {
        // A master that left and came back has a new link; the old one may not speak for it.
        guard fleet.links[link.address] === link else { return }
        switch SubscriberPush(reply, mode: mode) {
        case .none: link.close(RedisError(.protocolViolation, "a push of an unknown form"))
        case .pong: break
        case .message(let channel, let payload):
            // A slot that moved may be heard from both masters for a moment.
            if states[link.address]?.contains(channel) == true { onMessage(channel, payload) }
        case .confirmed(let kind, let channel):
            perform(withState(at: link.address) { $0.confirmed(kind, channel) }, at: link.address)
        case .refused(let error): perform(withState(at: link.address) { $0.refused(error) }, at: link.address)
        }
    }

    private func perform(_ actions: [State.Action], at address: RedisAddress) {
        for action in actions {
            switch action {
            case .send(let kind, let channels): send(kind, channels, to: address)
            case .resume(let waiter): waiter(.success(()))
            case .fail(let waiter, let error): waiter(.failure(error))
            case .resubscribed(let channels): if fleet.links[address]?.isOpen == true { onResubscribed(channels) }
            case .displaced(let channels, let error):
                homeless.formUnion(channels)
                if let link = fleet.links[address] { _ = fleet.follow(error, from: link) }
            case .giveUp(let error): fleet.links[address]?.close(error)
            }
        }
    }

    private func send(_ kind: SubscriptionRequest, _ channels: [String], to address: RedisAddress) {
        var encoder = RedisEncoder()
        encoder.append(kind == .subscribe ? mode.subscribe : mode.unsubscribe)
        for channel in channels { encoder.append(channel) }
        guard let link = fleet.links[address], link.connection?.push(encoder.finish()) != true else { return }
        link.close(RedisError(.overloaded, "too many bytes wait to be written"))
    }
}

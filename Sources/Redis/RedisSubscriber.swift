package import IOCore

/// Receives the messages of many channels on a connection of its own, which it keeps up.
///
/// Loop-bound; one per loop.
/// Channels form a set without counts: subscribing twice is one subscription, and one unsubscribe ends it.
/// Messages of a channel come in the order the server had them, each at most once; while the connection is away they
/// are lost. After every such gap ``onResubscribed`` names the channels that may have missed some.
package final class RedisSubscriber {
    private typealias Waiter = CheckedContinuation<Result<Void, RedisError>, Never>

    /// Called for each message, on the loop, before the next one is read; must not block.
    package var onMessage: (_ channel: String, _ payload: [UInt8]) -> Void = { _, _ in }
    /// Called when channels are subscribed again after a gap, which began when the connection or the slot was lost.
    ///
    /// Messages that arrive before this call may already be from after the gap.
    package var onResubscribed: (_ channels: [String]) -> Void = { _ in }
    /// How often a connection was established.
    package private(set) var connectionCount = 0

    private let configuration: RedisConfiguration
    private let mode: RedisPubSubMode
    private let loop: EventLoop
    private let resolver: BlockingPool
    private let signal: WakeSignal
    private var state: SubscriptionState<Waiter>
    private var connection: RedisConnection?
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
        self.resolver = resolver
        signal = WakeSignal(loop: loop)
        state = SubscriptionState(limit: configuration.channelLimit)
    }

    // MARK: - Life

    /// Keeps a connection until ``shutdown()`` or the cancellation of the calling task; call once, on the loop.
    package func run() async {
        let box = LoopBound(self, loop: loop)
        await withTaskCancellationHandler {
            await keepConnected()
        } onCancel: {
            box.loop.execute { box.value.shutdown() }
        }
    }

    /// Closes the connection and resumes every waiter with ``RedisError/Code/shutdown``; ``run()`` then returns.
    package func shutdown() {
        isShutDown = true
        connection?.close(RedisError(.shutdown, "the subscriber is shut down"))
        signal.raise()
    }

    /// True while a connection is up; it may be lost the moment after.
    package var isAvailable: Bool { connection?.isOpen == true }
    /// How many channels are wanted.
    package var channelCount: Int { state.channelCount }

    // MARK: - Channels

    /// Adds channels and returns when the server has confirmed all of them: what is published later arrives.
    ///
    /// Whatever it throws but `overloaded`, `server` and `shutdown`, the channels stay wanted and are subscribed as soon
    /// as the server allows, announced by ``onResubscribed``; who does not want that calls ``unsubscribe(_:)``.
    /// - Throws: at once with `unavailable` while there is no connection, with `timeout` after the command deadline.
    package func subscribe(_ channels: [String]) async throws(RedisError) {
        var timer: LoopTimer?
        let result: Result<Void, RedisError> = await withCheckedContinuation { waiter in
            guard !isShutDown else {
                return waiter.resume(returning: .failure(RedisError(.shutdown, "the subscriber is shut down")))
            }
            let (group, actions) = state.subscribe(channels, waiter: waiter)
            if let group {
                timer = loop.schedule(after: configuration.commandDeadline) { [weak self] in
                    let error = RedisError(.timeout, "the subscription was not confirmed in time")
                    self?.state.expire(group)?.resume(returning: .failure(error))
                }
            }
            perform(actions)
        }
        timer?.cancel()
        try result.get()
    }

    /// Removes channels without waiting; messages already on their way may still arrive.
    package func unsubscribe(_ channels: [String]) {
        perform(state.unsubscribe(channels))
    }

    // MARK: - Replies

    private func receive(_ reply: RedisReply) {
        switch reply {
        case .array(let parts): receive(parts)
        case .status: break
        case .error(let text): perform(state.refused(RedisError(serverReply: text)))
        default: giveUp(reply.mismatch(expected: "a push"))
        }
    }

    private func receive(_ parts: [RedisReply]) {
        guard case .string(let kindBytes)? = parts.first, parts.count >= 2, case .string(let subject) = parts[1] else {
            return giveUp(RedisError(.protocolViolation, "a push of an unknown form"))
        }
        let kind = String(decoding: kindBytes, as: UTF8.self)
        if kind == "pong" { return }
        let channel = String(decoding: subject, as: UTF8.self)
        switch kind {
        case mode.message:
            guard parts.count == 3, case .string(let payload) = parts[2] else {
                return giveUp(RedisError(.protocolViolation, "a message without payload"))
            }
            onMessage(channel, payload)
        case mode.subscribed: perform(state.confirmed(.subscribe, channel))
        case mode.unsubscribed: perform(state.confirmed(.unsubscribe, channel))
        default: giveUp(RedisError(.protocolViolation, "a push of an unknown kind"))
        }
    }

    private func perform(_ actions: [SubscriptionState<Waiter>.Action]) {
        for action in actions {
            switch action {
            case .send(let kind, let channels): send(kind, channels)
            case .resume(let waiter): waiter.resume(returning: .success(()))
            case .fail(let waiter, let error): waiter.resume(returning: .failure(error))
            case .resubscribed(let channels): if isAvailable { onResubscribed(channels) }
            case .giveUp(let error): giveUp(error)
            }
        }
    }

    private func send(_ kind: SubscriptionState<Waiter>.RequestKind, _ channels: [String]) {
        var encoder = RedisEncoder()
        encoder.append(kind == .subscribe ? mode.subscribe : mode.unsubscribe)
        for channel in channels { encoder.append(channel) }
        guard connection?.push(encoder.finish()) == true else {
            return giveUp(RedisError(.overloaded, "too many bytes wait to be written"))
        }
    }

    private func giveUp(_ error: RedisError) {
        connection?.close(error)
    }

    // MARK: - Connection

    private func keepConnected() async {
        var backoff = Backoff(
            initial: configuration.reconnectPause.lowerBound,
            maximum: configuration.reconnectPause.upperBound
        )
        while !isShutDown {
            // The reason does not matter here: callers learn that there is no connection.
            if let opened = try? await RedisConnection.open(configuration, loop: loop, resolver: resolver) {
                await serve(opened, backoff: &backoff)
            }
            guard !isShutDown else { break }
            signal.clear()
            await signal.wait(atMost: backoff.next())
        }
    }

    private func serve(_ opened: RedisConnection, backoff: inout Backoff) async {
        guard !isShutDown, opened.isOpen else { return opened.close(RedisError(.shutdown, "shut down")) }
        connection = opened
        connectionCount += 1
        opened.becomeSubscriber { [weak self] in self?.receive($0) }
        opened.onClose = { [weak self] reason in
            self?.lost(reason)
        }
        let start = loop.now
        perform(state.connected())
        while opened.isOpen { await watch(opened) }
        if loop.now - start > configuration.reconnectPause.upperBound { backoff.reset() }
    }

    private func lost(_ reason: RedisError) {
        connection = nil
        perform(state.disconnected(reason))
        signal.raise()
    }

    /// Waits one interval, and if it was silent asks for a sign of life; a missing answer closes the connection.
    private func watch(_ opened: RedisConnection) async {
        await signal.wait(atMost: opened.untilSilent(for: configuration.watchdogInterval))
        guard opened.isOpen, loop.now - opened.lastRead >= configuration.watchdogInterval else { return }
        let asked = loop.now
        guard opened.push(RedisCommands.Ping().encoded()) else {
            return giveUp(RedisError(.overloaded, "cannot write"))
        }
        await signal.wait(atMost: configuration.watchdogDeadline)
        guard opened.isOpen, opened.lastRead < asked else { return }
        giveUp(RedisError(.timeout, "no sign of life"))
    }
}

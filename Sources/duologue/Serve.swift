internal import Domain
internal import Gateway
internal import Glibc
internal import IOCore
internal import Messaging
internal import Storage
internal import Web

/// `duologue serve`: puts the parts together and runs them until a signal.
enum Serve {
    /// How long stopping may take.
    private static let stopLimit = Duration.seconds(29)
    /// How long the last line of the log may take.
    private static let lastLinePause = Duration.milliseconds(200)
    /// How long stores that are down are left alone between two looks at them.
    private static let startupPause = Duration.seconds(1)
    /// How long stores may take to answer for the first time before anything is said about it.
    private static let connectGrace = Duration.seconds(2)

    static func run(_ configuration: Configuration, roles: Roles) async throws {
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let logger = Logger(label: "duologue", level: configuration.logLevel)
        let shared = try SharedParts(configuration: configuration, roles: roles, logger: logger, cores: cores)
        let group = EventLoopGroup(count: cores)
        group.start()
        let stop = ShutdownSignal()
        let signals = await stopOnSignals(stop, loop: group.loops[0], logger: logger)
        do {
            try await serve(shared, group: group, until: stop)
        } catch {
            await release(signals)
            group.stop()
            throw error
        }
        await release(signals)
        group.stop()
        shared.shutdown()
        logger.info("stopped")
    }

    private static func serve(_ shared: SharedParts, group: EventLoopGroup, until stop: ShutdownSignal) async throws {
        var nodes: [LoopBound<ServerLoop>] = []
        for loop in group.loops {
            let isFirst = nodes.isEmpty
            let node = await loop.actor.run { _ in
                LoopBound(ServerLoop(loop: loop, shared: shared, receivesAnnouncements: isFirst), loop: loop)
            }
            nodes.append(node)
        }
        let loops = nodes
        let first = group.loops[0]
        let indexing = shared.roles.contains(.worker) ? await Indexing.make(shared, on: loops[0]) : nil
        let sinks = await sinks(of: loops, and: indexing)
        let broker = await first.actor.run { _ in LoopBound(loops[0].value.stores.broker(to: sinks), loop: first) }
        for node in loops {
            await node.loop.actor.run { _ in
                node.value.broker = node.loop === first ? broker.value : node.value.stores.broker(to: sinks)
            }
        }
        let finishing = await Finishing.make(shared, on: loops[0], broker: broker)
        for node in loops {
            node.loop.execute { node.value.hub.finishCovering = finishing.request }
        }
        let coordinator = await first.actor.run { _ in
            let ports = WritePorts(loops[0].value.stores, broker.value, for: .lane, shared.configuration, loop: first)
            let coordinator = WriteCoordinator(
                loop: first,
                log: ports.log,
                bodies: ports.bodies,
                broker: ports.broker,
                metrics: CoordinatorMetrics(registry: shared.registry),
                logger: shared.logger.labelled("coordinator"),
                redoLimitBytes: shared.configuration.redoLimitBytes,
                finishCovering: finishing.request
            )
            return LoopBound(coordinator, loop: first)
        }
        let http = try await listen(shared, group: group, loops: loops, gate: WriteGate(coordinator))
        var services: [any Service] = [
            LoopService("stores", on: group.loops) { loop, shutdown in
                await keepStores(loops.first { $0.loop === loop }?.value.stores, until: shutdown)
            },
            LoopService("covered events", on: [first]) { _, shutdown in
                await finishing.covering.value.run(until: shutdown)
            },
            LoopService("presence", on: group.loops) { loop, shutdown in
                await loops.first { $0.loop === loop }?.value.keepPresence(until: shutdown)
            },
            LoopService("sessions", on: [first]) { _, shutdown in await loops[0].value.watchSessions(until: shutdown) },
            LoopService("coordinator", on: [first]) { _, shutdown in await coordinator.value.run(until: shutdown) },
            LoopService("broker", on: [first]) { _, shutdown in
                _ = await loops[0].value.stores.connect(deadline: connectGrace)
                await broker.value.run(until: shutdown)
            },
        ]
        if shared.roles.contains(.worker) {
            let sweep: any Service = LoopService("ended sessions", on: [first]) { _, shutdown in
                await loops[0].value.sweepSessions(until: shutdown)
            }
            services += [finishing.worker(shared), finishing.purge(shared), sweep]
        }
        if let indexing { services.append(indexing.service()) }
        services.append(http)
        services.append(
            LoopService("gateway", on: group.loops) { loop, shutdown in
                if let node = loops.first(where: { $0.loop === loop }) { await gateway(node, until: shutdown) }
            }
        )
        services.append(
            LoopService("startup", on: [first]) { _, shutdown in
                await waitForStores(loops, shared, until: shutdown)
                await shutdown.wait()
            }
        )
        try await ServiceGroup(services, logger: shared.logger).run(until: stop)
    }

    private static func sinks(
        of loops: [LoopBound<ServerLoop>],
        and indexing: Indexing?
    ) async -> [LoopBound<any AnnouncementSink>] {
        var sinks: [LoopBound<any AnnouncementSink>] = []
        for node in loops {
            sinks.append(await node.loop.actor.run { _ in LoopBound(node.value.hub, loop: node.loop) })
        }
        if let indexing { sinks.append(await indexing.sink()) }
        return sinks
    }

    private static func listen(
        _ shared: SharedParts,
        group: EventLoopGroup,
        loops: [LoopBound<ServerLoop>],
        gate: WriteGate
    ) async throws -> HTTPServer {
        let configuration = shared.configuration
        var limits = HTTPLimits()
        // Beyond it clients are refused; else nobody could be accepted, and no store come back.
        limits.connections = min(limits.connections, OpenFiles.roomForClients(ofEach: loops.count))
        let server = HTTPServer(
            configuration: .init(
                host: configuration.host,
                port: configuration.port,
                limits: limits,
                answers: AnswerPolicy(
                    allowedOrigins: configuration.allowedOrigins,
                    transportSecurity: configuration.transportSecurity
                ),
                proxies: configuration.trustedProxies
            ),
            group: group,
            logger: shared.logger.labelled("http")
        ) { loop in
            guard let node = loops.first(where: { $0.loop === loop }) else {
                preconditionFailure("every loop has its part of the server")
            }
            return node.value.open(gate: gate)
        }
        try await server.listen()
        return server
    }

    private static func keepStores(_ stores: LoopStores?, until shutdown: ShutdownSignal) async {
        guard let stores, let loop = EventLoop.current else { return }
        let bound = LoopBound(stores, loop: loop)
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.run() }
            }
            await shutdown.wait()
            await stores.shutdown()
        }
    }

    /// The hub outlives the sockets, so that a draining client still receives what others say.
    private static func gateway(_ node: LoopBound<ServerLoop>, until shutdown: ShutdownSignal) async {
        let loop = node.loop
        let socketsClosed = ShutdownSignal()
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await node.value.hub.run(until: socketsClosed) }
            }
            if let gateway = node.value.gateway { await gateway.run(until: shutdown) }
            await shutdown.wait()
            socketsClosed.trigger()
        }
    }

    /// Says which store is missing until none is; then lets sockets in.
    private static func waitForStores(
        _ loops: [LoopBound<ServerLoop>],
        _ shared: SharedParts,
        until shutdown: ShutdownSignal
    ) async {
        guard let first = loops.first else { return }
        _ = await first.value.stores.connect(deadline: connectGrace)
        while !shutdown.isTriggered {
            let missing = await first.value.stores.health.check().filter { $0.reason != nil }
            for store in missing {
                shared.logger.warning(
                    "waiting for a store",
                    ["store": .string(store.store.rawValue), "reason": .string(store.reason ?? "")]
                )
            }
            if missing.allSatisfy({ $0.store == .redis }), let epoch = await epoch(first, shared) {
                for node in loops { node.loop.execute { node.value.hub.open(epoch: epoch) } }
                return shared.logger.info("ready")
            }
            await first.loop.sleep(for: startupPause)
        }
    }

    private static func epoch(_ node: LoopBound<ServerLoop>, _ shared: SharedParts) async -> String? {
        do {
            return try await node.value.stores.history.epoch()
        } catch {
            shared.logger.warning(
                "the database cannot be read; was `duologue migrate` run?",
                ["error": .string("\(error)")]
            )
            return nil
        }
    }

    // MARK: Signals

    private static func stopOnSignals(
        _ stop: ShutdownSignal,
        loop: EventLoop,
        logger: Logger
    ) async -> LoopBound<[SignalWatcher]> {
        SignalWatcher.ignoreBrokenPipes()
        return await loop.actor.run { _ in
            let watchers = [SIGTERM, SIGINT].map {
                SignalWatcher($0, loop: loop) {
                    stop.trigger()
                    // What is unfinished by then another node finishes: nothing that was acknowledged is in it.
                    loop.schedule(after: stopLimit) {
                        logger.error("not stopped in time")
                        // A line is written by a thread of its own, which may be stuck like everything else.
                        loop.schedule(after: lastLinePause) { _exit(1) }
                    }
                }
            }
            return LoopBound(watchers, loop: loop)
        }
    }

    private static func release(_ watchers: LoopBound<[SignalWatcher]>) async {
        await watchers.loop.actor.run { _ in for watcher in watchers.value { watcher.close() } }
    }
}

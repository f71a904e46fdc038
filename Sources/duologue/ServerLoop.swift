internal import API
internal import Domain
internal import Gateway
internal import IOCore
internal import Messaging
internal import Security
internal import Storage
internal import Web
internal import Worker

/// What one loop of the server holds: its stores, its services, its routes.
///
/// Loop-bound.
final class ServerLoop {
    let stores: LoopStores
    let reader: HistoryReader
    let hub: Hub
    private(set) var gateway: Gateway?
    private let presence: PresenceBoard
    private let limitWatch: LimitWatch
    /// Carries what arises on this loop to all others; set before the routes are made.
    var broker: (any Broker)? {
        didSet {
            hub.publish = { [weak broker] event in broker?.announce(ephemeral: event) }
            presence.publish = hub.publish
            presence.deliver = { [weak broker] event in broker?.deliver(ephemeral: event) }
        }
    }
    private let loop: EventLoop
    private let shared: SharedParts

    /// One loop of the process hears the announcements of other nodes, for all of them.
    init(loop: EventLoop, shared: SharedParts, receivesAnnouncements: Bool) {
        self.loop = loop
        self.shared = shared
        stores = LoopStores(
            configuration: shared.stores,
            loop: loop,
            mongo: shared.mongo,
            blocking: shared.blocking,
            receivesAnnouncements: receivesAnnouncements,
            metrics: shared.storeMetrics,
            registry: shared.registry,
            logger: shared.logger
        )
        limitWatch = LimitWatch(loop: loop, store: stores.limits, alarm: shared.limitAlarm)
        reader = HistoryReader(stores, shared.configuration, CacheMetrics(registry: shared.registry), loop: loop)
        var settings = GatewaySettings(allowedOrigins: shared.configuration.allowedOrigins, now: WallClock.now)
        settings.compresses = shared.configuration.compressesWebSockets
        settings.apply(shared.configuration.limits)
        hub = Hub(
            loop: loop,
            directory: stores.chats,
            reader: reader,
            settings: settings,
            metrics: shared.gatewayMetrics,
            logger: shared.logger.labelled("gateway")
        )
        presence = PresenceBoard(
            loop: loop,
            store: stores.presence,
            scope: stores.presenceScope,
            accounts: stores.accounts,
            settles: receivesAnnouncements,
            settings: settings,
            metrics: shared.gatewayMetrics,
            logger: shared.logger.labelled("presence")
        )
        hub.presence = presence
        hub.scope = stores.presenceScope
    }

    /// Keeps the presence of the users of this loop; a node without sockets has none, and looks after those of others no less.
    func keepPresence(until shutdown: ShutdownSignal) async { await presence.run(until: shutdown) }

    /// Learns which sessions are revoked, for all loops of the node.
    func watchSessions(until shutdown: ShutdownSignal) async {
        await SessionWatch(
            loop: loop,
            accounts: stores.accounts,
            revoked: shared.revoked,
            uses: shared.uses,
            logger: shared.logger.labelled("sessions")
        ).run(until: shutdown)
    }

    /// Deletes sessions that ended long ago, by a worker.
    func sweepSessions(until shutdown: ShutdownSignal) async {
        let logger = shared.logger.labelled("sessions")
        await SessionSweep(loop: loop, accounts: stores.accounts, logger: logger).run(until: shutdown)
    }

    /// Makes the loop's routes over the node's lane.
    func open(gate: WriteGate) -> any HTTPResponder {
        let router = Router<APIContext>(logger: shared.logger)
        let logger = shared.logger.labelled("http")
        router.add(AccessLogMiddleware(logger: logger, metrics: shared.registry, probes: API.probes))
        let messages = MessageService(gate: gate, reader: reader, spamGuard: spamGuard())
        let limiter = rateLimiter()
        let publish: (EphemeralEvent) -> Void = { [weak broker] event in broker?.announce(ephemeral: event) }
        let memberships = MembershipService(store: stores.memberships, publish: publish)
        let reads = ReadMarkService(loop: loop, store: stores.reads, memberships: memberships, publish: publish)
        let chats = ChatService(
            gate: gate,
            log: stores.commitLog,
            directory: stores.chats,
            accounts: stores.accounts,
            reader: reader
        )
        let api = API(
            settings: APISettings(
                refreshLifetime: shared.configuration.refreshTokenLifetime,
                memberLimit: shared.configuration.chatMemberLimit,
                now: WallClock.now
            ),
            accounts: stores.accounts,
            people: stores.people,
            relations: stores.relations,
            tickets: stores.tickets,
            health: stores.health,
            chats: chats,
            messages: messages,
            reads: reads,
            personal: PersonalMessageService(store: stores.personal, reader: reader),
            drafts: DraftService(store: stores.drafts, publish: publish),
            threads: ThreadService(store: stores.threads, reader: reader),
            search: SearchService(store: stores.search, reader: reader),
            invites: InviteService(gate: gate, store: stores.invites, chats: chats),
            memberships: memberships,
            tokens: shared.tokens,
            hasher: shared.hasher,
            hashing: shared.hashing,
            throttle: shared.throttle,
            limiter: limiter,
            limits: stores.limits,
            watch: limitWatch,
            loop: loop,
            revoked: shared.revoked,
            uses: shared.uses,
            blocks: presence,
            metrics: shared.registry,
            logger: shared.logger
        )
        api.registerOperations(on: router)
        if shared.roles.contains(.api) { api.register(on: router) }
        if shared.roles.contains(.gateway) {
            let gateway = Gateway(
                hub: hub,
                gate: gate,
                messages: messages,
                limiter: limiter,
                reads: reads,
                tokens: shared.tokens,
                accounts: stores.accounts,
                tickets: stores.tickets,
                quota: shared.socketQuota,
                revoked: shared.revoked
            )
            self.gateway = gateway
            api.registerSocket(on: router) { try await gateway.upgrade($0, to: $1, admit: $2) }
        }
        return router
    }

    private func rateLimiter() -> RateLimiter {
        let limits = shared.configuration.limits
        return RateLimiter(
            loop: loop,
            policy: RatePolicy(base: RateQuota(tokens: limits.requests, window: limits.window)),
            leases: shared.leases,
            store: stores.limits,
            watch: limitWatch,
            registry: shared.registry
        )
    }

    /// Nil where the operator wants none.
    private func spamGuard() -> SpamGuard? {
        shared.configuration.spam.map { rules in
            SpamGuard(
                loop: loop,
                rules: rules,
                store: stores.limits,
                operations: stores.operations,
                accounts: stores.accounts,
                watch: limitWatch,
                now: WallClock.now,
                registry: shared.registry,
                logger: shared.logger.labelled("spam")
            )
        }
    }
}

extension GatewaySettings {
    /// Sets what the operator may limit.
    fileprivate mutating func apply(_ limits: Configuration.Limits) {
        framesPerSecond = limits.framesPerSecond
        maximumChats = limits.chatsPerSocket
        authDeadline = limits.authDeadline
        silenceLimit = limits.silence
        heartbeat = limits.heartbeat
        presenceLifetime = limits.presence
        presenceGrace = min(presenceGrace, limits.presence)
        drain = limits.drain
    }
}

package import Domain
package import IOCore
package import Messaging
package import Security
package import Web

/// The REST API of one loop: its routes, and what they need.
///
/// Loop-bound: one on each loop, over stores and services of that loop; `throttle`, `watch`, `tokens`, `hasher`, `hashing`, `revoked`,
/// `uses` and `metrics` are shared by all of them.
///
/// Access tokens are believed until they end, unless `revoked` has their session: it is told within seconds. Some routes look
/// further, whether the session is open at this moment: `/auth/me`, which is how a client asks just that, `/ws/ticket`, since what
/// it opens outlives the token, and `/auth/password`.
package final class API {
    private let accounts: AccountRoutes
    private let sessions: SessionRoutes
    private let people: PeopleRoutes
    private let relations: RelationRoutes
    private let chats: ChatRoutes
    private let chatChanges: ChatChangeRoutes
    private let messages: MessageRoutes
    private let messageChanges: MessageChangeRoutes
    private let reactions: ReactionRoutes
    private let reads: ReadRoutes
    private let personal: PersonalMessageRoutes
    private let threads: ThreadRoutes
    private let search: SearchRoutes
    private let invites: InviteRoutes
    private let operations: OperationsRoutes
    private let authentication: AuthenticationMiddleware
    private let problems: ProblemMiddleware
    private let counting: RateLimitMiddleware
    private let strangers: StrangerLimitMiddleware
    private let renewals: StrangerLimitMiddleware
    private let limiter: RateLimiter

    /// The path that all routes for clients begin with.
    package static let basePath = "/api/v1"

    /// An API over ports and services of the caller's loop; `blocks` is told of blocks.
    package init(
        settings: APISettings,
        accounts: any AccountStore,
        people: any PeopleStore,
        relations: any RelationStore,
        tickets: any TicketStore,
        health: any HealthProbe,
        chats: ChatService,
        messages: MessageService,
        reads: ReadMarkService,
        personal: PersonalMessageService,
        drafts: DraftService,
        threads: ThreadService,
        search: SearchService,
        invites: InviteService,
        memberships: MembershipService,
        tokens: AccessTokenAuthority,
        hasher: PasswordHasher,
        hashing: BlockingPool,
        throttle: SharedLoginThrottle,
        limiter: RateLimiter,
        limits: any LimitStore,
        watch: LimitWatch,
        loop: EventLoop,
        revoked: RevokedSessions,
        uses: SessionUses,
        blocks: any BlockObserver,
        metrics: MetricsRegistry,
        logger: Logger
    ) {
        let logger = logger.labelled("api")
        let sessions = SessionService(
            settings: settings,
            accounts: accounts,
            tickets: tickets,
            tokens: tokens,
            revoked: revoked
        )
        let service = AccountService(
            accounts: accounts,
            sessions: sessions,
            hasher: hasher,
            hashing: hashing,
            throttle: LoginGuard(loop: loop, throttle: throttle, store: limits, watch: watch),
            logger: logger
        )
        self.accounts = AccountRoutes(
            service: service,
            sessions: sessions,
            accounts: accounts,
            people: people,
            limiter: limiter,
            cache: CacheMetrics(registry: metrics)
        )
        self.sessions = SessionRoutes(service: service, sessions: sessions)
        self.people = PeopleRoutes(people: people)
        self.relations = RelationRoutes(relations: relations, observer: blocks)
        self.chats = ChatRoutes(chats: chats, memberLimit: settings.memberLimit)
        chatChanges = ChatChangeRoutes(chats: chats, memberLimit: settings.memberLimit)
        self.messages = MessageRoutes(messages: messages)
        messageChanges = MessageChangeRoutes(messages: messages)
        reactions = ReactionRoutes(messages: messages, chats: chats)
        self.personal = PersonalMessageRoutes(personal: personal, drafts: drafts)
        self.threads = ThreadRoutes(threads: threads)
        self.reads = ReadRoutes(reads: reads, memberships: memberships)
        self.search = SearchRoutes(search: search)
        self.invites = InviteRoutes(invites: invites, memberLimit: settings.memberLimit)
        operations = OperationsRoutes(health: health, metrics: metrics)
        authentication = AuthenticationMiddleware(
            tokens: tokens,
            sessions: sessions,
            revoked: revoked,
            uses: uses,
            now: settings.now
        )
        problems = ProblemMiddleware(logger: logger)
        counting = RateLimitMiddleware(limiter: limiter)
        strangers = StrangerLimitMiddleware(limiter: limiter, rateClass: .stranger)
        renewals = StrangerLimitMiddleware(limiter: limiter, rateClass: .renewal)
        self.limiter = limiter
    }

    /// The routes that monitors ask all the time.
    package static let probes: Set<String> = ["/health", "/health/live", "/health/ready", "/metrics", "/cache/stats"]

    /// Adds the routes for operators and the document of all routes, which every role has; to be called once, before the first request.
    package func registerOperations(on router: Router<APIContext>) {
        let group = router.group("", middleware: [problems])
        operations.register(on: group)
        ContractRoutes(router: router).register(on: group)
    }

    /// Adds the routes that open WebSockets, of all chats or of one, their failures answered as those of every other route.
    ///
    /// `upgrade` calls its last argument once it knows who asks, nil where only a frame will tell: that counts the handshake, and
    /// throws where the quota is used up.
    package func registerSocket(
        on router: Router<APIContext>,
        upgrade: @escaping (HTTPRequest, ChatID?, (Caller?) async throws -> Void) async throws -> HTTPResponse
    ) {
        let open = router.group(Self.basePath, middleware: [strangers, problems])
        let limiter = limiter
        let all = SocketDescription.make("Opens the WebSocket of all chats")
        open.on(.get, "/ws", name: "socket", description: all) { request, _ in
            try SocketDescription.checkQuery(request)
            return try await upgrade(request, nil) { try await limiter.admitSocket(request, of: $0) }
        }
        let one = SocketDescription.make("Opens a WebSocket of one chat", path: [.inPath("id")])
        open.on(.get, "/ws/{id}", name: "chatSocket", description: one) { request, context in
            try SocketDescription.checkQuery(request)
            return try await upgrade(request, context.chat()) { try await limiter.admitSocket(request, of: $0) }
        }
    }

    /// Adds the routes for clients; to be called once, before the first request.
    package func register(on router: Router<APIContext>) {
        // Problems are made on both sides of the stage that counts: it knows the caller, and tells the quota in refusals too.
        let open = router.group(Self.basePath, middleware: [counting, problems])
        let authenticated = router.group(
            Self.basePath,
            middleware: [strangers, problems, authentication, counting, problems]
        )
        let renewing = router.group(Self.basePath, middleware: [renewals, problems])
        accounts.register(open: open, renewing: renewing, authenticated: authenticated)
        sessions.register(on: authenticated)
        people.register(on: authenticated)
        relations.register(on: authenticated)
        chats.register(on: authenticated)
        chatChanges.register(on: authenticated)
        messages.register(on: authenticated)
        messageChanges.register(on: authenticated)
        reactions.register(on: authenticated)
        reads.register(on: authenticated)
        personal.register(on: authenticated)
        threads.register(on: authenticated)
        search.register(on: authenticated)
        invites.register(on: authenticated)
    }
}

import Domain
import IOCore
import JSON
import Messaging
import Security
import Support
import Synchronization
import Testing
import Web

@testable import API

/// The API over stores in memory, called through its router without a socket.
///
/// Loop-bound.
final class APIHarness {
    let stores = MemoryStores()
    let metrics = MetricsRegistry()
    let watch: LimitWatch
    /// The cache of the API, and of any other node there might be.
    let cache = MemoryReadCache()
    let tokens: AccessTokenAuthority
    let revoked = RevokedSessions(tokenLifetime: .seconds(900))
    let uses = SessionUses()
    let work = WorkLog()
    let blocks = BlockLog()
    let router: Router<APIContext>
    private let clock: TestClock
    private let coordinator: WriteCoordinator
    let loop: EventLoop
    let logger = Logger(label: "test", level: .error, sink: .silent)

    /// One thread that hashes for all tests; the parameters are the cheapest there are.
    private static let sharedPool = BlockingPool(name: "test-hash", threads: 1, queueLimit: 256)

    init(loop: EventLoop, options: APIOptions) throws {
        self.loop = loop
        clock = TestClock(stores.database.now)
        tokens = AccessTokenAuthority(secret: try SigningSecret(String(repeating: "k", count: 32)))
        coordinator = WriteCoordinator(
            loop: loop,
            log: stores.log,
            bodies: stores.bodies,
            broker: stores.broker,
            metrics: CoordinatorMetrics(registry: metrics),
            logger: logger
        )
        let gate = WriteGate(LoopBound(coordinator, loop: loop))
        watch = LimitWatch(
            loop: loop,
            store: stores.limits,
            alarm: LimitAlarm(registry: metrics, logger: logger)
        )
        let limiter = RateLimiter(
            loop: loop,
            policy: RatePolicy(base: options.quota),
            leases: RateLeases(),
            store: stores.limits,
            watch: watch,
            registry: metrics
        )
        var spamGuard: SpamGuard?
        if let rules = options.spam {
            spamGuard = SpamGuard(
                loop: loop,
                rules: rules,
                store: stores.limits,
                operations: stores.operations,
                accounts: stores.accounts,
                watch: watch,
                now: { [clock] in clock.now },
                registry: metrics,
                logger: logger
            )
        }
        let reads = CachedReads(cache: cache, metrics: CacheMetrics(registry: metrics))
        let reader = HistoryReader(history: stores.history, bodies: stores.bodies, cache: reads)
        let chats = ChatService(
            gate: gate,
            log: stores.log,
            directory: stores.directory,
            accounts: stores.accounts,
            reader: reader,
            smallRoster: 1
        )
        let publish: (EphemeralEvent) -> Void = { [stores] in stores.broker.announce(ephemeral: $0) }
        let memberships = MembershipService(store: stores.memberships, publish: publish)
        let api = API(
            settings: APISettings(memberLimit: 4, now: { [clock] in clock.now }),
            accounts: stores.accounts,
            people: stores.people,
            relations: stores.relations,
            tickets: stores.tickets,
            health: stores.health,
            chats: chats,
            messages: MessageService(gate: gate, reader: reader, spamGuard: spamGuard),
            reads: ReadMarkService(loop: loop, store: stores.reads, memberships: memberships, publish: publish),
            personal: PersonalMessageService(store: stores.personal, reader: reader),
            drafts: DraftService(store: stores.drafts, publish: publish),
            threads: ThreadService(store: stores.threads, reader: reader),
            search: SearchService(store: try options.search?(loop) ?? stores.search, reader: reader),
            invites: InviteService(gate: gate, store: stores.invites, chats: chats),
            memberships: memberships,
            tokens: tokens,
            hasher: try PasswordHasher(parameters: .init(operations: 1, memoryBytes: 8_192), onWork: work.add),
            hashing: options.pool ?? Self.sharedPool,
            throttle: SharedLoginThrottle(limits: .init(failuresPerAccount: 3, failuresPerAddress: 100)),
            limiter: limiter,
            limits: stores.limits,
            watch: watch,
            loop: loop,
            revoked: revoked,
            uses: uses,
            blocks: blocks,
            metrics: metrics,
            logger: logger
        )
        // However long a test takes.
        revoked.completed(now: ContinuousClock.now + .seconds(86_400))
        router = Router(logger: logger)
        api.registerOperations(on: router)
        api.register(on: router)
        api.registerSocket(on: router) { [tokens, clock] request, _, admit in
            let token = request.headers["Authorization"]?.split(separator: " ").last.map(String.init)
            try await admit(token.map { try tokens.verify($0, now: clock.now).caller })
            throw Failure(.storeUnavailable, "There are no sockets here.")
        }
    }

    /// Runs the write path while `body` does.
    func run(_ body: (APIHarness) async throws -> Void) async throws {
        let bound = LoopBound(coordinator, loop: loop)
        let shutdown = ShutdownSignal()
        let loop = loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.run(until: shutdown) }
            }
            defer { shutdown.trigger() }
            try await body(self)
        }
    }

    /// Lets time pass for tokens and stores.
    func advance(seconds: Int64) {
        clock.advance(seconds: seconds)
        stores.database.now = clock.now
    }
}

/// What verifying passwords has done.
final class WorkLog: Sendable {
    private let entries = Mutex<[PasswordHasher.Work]>([])
    @Sendable func add(_ work: PasswordHasher.Work) { entries.withLock { $0.append(work) } }
    func take() -> [PasswordHasher.Work] {
        entries.withLock { entries in
            defer { entries = [] }
            return entries
        }
    }
}

/// The blocks that began and ended, as far as anybody is to be told what they see now.
///
/// Loop-bound. Users with even numbers are present.
final class BlockLog: BlockObserver {
    struct Change: Equatable {
        var users: Set<UserID>
        /// Nil for the end of a block.
        var before: Set<UserID>?
    }

    var changes: [Change] = []

    func present(of users: Set<UserID>) async -> Set<UserID> { users.filter { $0.rawValue.isMultiple(of: 2) } }

    func blockBegan(between users: Set<UserID>, before: Set<UserID>) {
        changes.append(Change(users: users, before: before))
    }

    func blockEnded(between users: Set<UserID>) { changes.append(Change(users: users)) }
}

/// What a harness is to be made with.
struct APIOptions: Sendable {
    var pool: BlockingPool?
    /// Of changes; so wide unless said that no test meets it.
    var quota = RateQuota(tokens: 1_000_000, window: .seconds(60))
    /// Nil where nothing is spam.
    var spam: SpamRules?
    /// What is searched; nil for the twin.
    var search: (@Sendable (EventLoop) throws -> any MessageSearch)?
}

/// Somebody logged in.
struct Person: Sendable {
    let id: Int64
    let token: String
    let refreshToken: String
}

/// A clock that tests move.
final class TestClock: Sendable {
    private let milliseconds: Mutex<Int64>
    init(_ start: Timestamp) { milliseconds = Mutex(start.milliseconds) }
    var now: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }
    func advance(seconds: Int64) { milliseconds.withLock { $0 += seconds * 1_000 } }
}

/// Runs `body` with an API of its own.
func withAPI(
    _ options: APIOptions = APIOptions(),
    _ body: @escaping @Sendable (APIHarness) async throws -> Void
) async throws {
    try await onLoop { actor in
        try await APIHarness(loop: actor.loop, options: options).run(body)
    }
}

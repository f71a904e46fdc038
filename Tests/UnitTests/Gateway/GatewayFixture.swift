import Domain
import Glibc
import IOCore
import Messaging
import Security
import Support
import Web

@testable import Gateway

/// A gateway over a hub of stores in memory, and clients at the other ends of its sockets.
///
/// Loop-bound.
///
/// Messages sent over a socket stay unanswered unless it is run with `writes`: nothing takes them through the stores. Read marks
/// are answered.
final class GatewayFixture {
    /// A user, and an access token good until 900 seconds after the fixture's time, which stands still at zero.
    struct Member {
        let id: UserID
        let session: SessionID
        let token: String
        var auth: String { #"{"type":"auth","token":"\#(token)"}"# }
    }

    let hub: HubFixture
    let gateway: Gateway
    let marks: SlowReadMarks
    /// How many sockets' owners were told that these have ended.
    private(set) var ended = 0
    /// Ends the gateway.
    let stop = ShutdownSignal()
    /// Ends the path of writes, once no socket can use it.
    private let written = ShutdownSignal()
    let revoked = RevokedSessions(tokenLifetime: .seconds(900))
    private let tokens: AccessTokenAuthority
    private let coordinator: WriteCoordinator
    private var sessionCount: UInt8 = 0

    private init(_ hub: HubFixture, perUser: Int, perAddress: Int, quota: RateQuota) throws {
        self.hub = hub
        let (loop, stores) = (hub.loop, hub.stores)
        tokens = AccessTokenAuthority(secret: try SigningSecret(String(repeating: "k", count: 32)))
        coordinator = WriteCoordinator(
            loop: loop,
            log: stores.log,
            bodies: stores.bodies,
            broker: stores.broker,
            metrics: CoordinatorMetrics(registry: MetricsRegistry()),
            logger: Logger(label: "test", level: .error, sink: .silent)
        )
        let registry = MetricsRegistry()
        marks = SlowReadMarks(stores.reads)
        let gate = WriteGate(LoopBound(coordinator, loop: loop))
        gateway = Gateway(
            hub: hub.hubs[0],
            gate: gate,
            messages: MessageService(gate: gate, reader: hub.hubs[0].reader),
            limiter: RateLimiter(
                loop: loop,
                policy: RatePolicy(base: quota),
                leases: RateLeases(),
                store: stores.limits,
                watch: LimitWatch(
                    loop: loop,
                    store: stores.limits,
                    alarm: LimitAlarm(
                        registry: registry,
                        logger: Logger(label: "test", level: .error, sink: .silent)
                    )
                ),
                registry: registry
            ),
            reads: ReadMarkService(
                loop: loop,
                store: marks,
                memberships: MembershipService(store: stores.memberships) { _ in },
                publish: { _ in }
            ),
            tokens: tokens,
            accounts: stores.accounts,
            tickets: stores.tickets,
            quota: SocketQuota(perUser: perUser, perAddress: perAddress),
            revoked: revoked
        )
    }

    /// Runs `body` beside a running gateway, which has ended when this returns; with `writes`, commands are answered.
    static func run(
        writes: Bool = false,
        perUser: Int = 100,
        perAddress: Int = 100,
        quota: RateQuota = RateQuota(tokens: 1_000_000, window: .seconds(60)),
        settings: @escaping @Sendable (inout GatewaySettings) -> Void = { _ in },
        _ body: @escaping @Sendable (GatewayFixture) async throws -> Void
    ) async throws {
        try await HubFixture.run(settings: settings) { hub in
            let loop = hub.loop
            let fixture = LoopBound(
                try GatewayFixture(hub, perUser: perUser, perAddress: perAddress, quota: quota),
                loop: loop
            )
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in
                        await fixture.value.gateway.run(until: fixture.value.stop)
                        fixture.value.written.trigger()
                    }
                }
                if writes {
                    group.addTask(executorPreference: loop) {
                        await loop.actor.run { _ in
                            await fixture.value.coordinator.run(until: fixture.value.written)
                        }
                    }
                }
                group.addTask(executorPreference: loop) {
                    try await loop.actor.run { _ in
                        defer { fixture.value.stop.trigger() }
                        try await body(fixture.value)
                    }
                }
            }
        }
    }

    var loop: EventLoop { hub.loop }

    /// The gateway's ends of the open sockets.
    var sessions: [GatewaySession] { Array(gateway.sessions.values) }

    /// Waits until something is so; false when it takes too long.
    func becomes(_ condition: () -> Bool) async -> Bool { await hub.becomes(condition) }

    // MARK: Steps

    func member() async throws -> Member { try await session(of: hub.user()) }

    /// Opens one more session of a user.
    func session(of user: UserID) async throws -> Member {
        sessionCount += 1
        let session = Session(
            id: .random(),
            user: user,
            device: nil,
            address: nil,
            expiresAt: Timestamp(milliseconds: 4_000_000_000_000)
        )
        try await hub.stores.accounts.open(session, refreshHash: [sessionCount])
        let token = tokens.issue(user: user, session: session.id, now: Timestamp(milliseconds: 0)).text
        return Member(id: user, session: session.id, token: token)
    }

    /// A chat of one message.
    func chat(_ founder: Member, with others: [Member] = []) async throws -> ChatID {
        let made = try await hub.createChat(founder.id, with: others.map(\.id))
        try await hub.announce(made, try await hub.say(made.chat, founder.id))
        return made.chat
    }

    /// Opens a socket; `first` is a text frame that comes with the handshake.
    func open(
        _ token: String?,
        target: String = "/api/v1/ws",
        chat: ChatID? = nil,
        first: String? = nil,
        limits: OutboundLimits = .init()
    ) async throws -> TestSocket {
        try connect(await handshake(token, target: target, chat: chat), first: first, limits: limits)
    }

    /// Asks for a socket; what is to be done with the connection.
    func handshake(
        _ token: String?,
        target: String = "/api/v1/ws",
        chat: ChatID? = nil,
        offering subprotocols: String? = nil
    ) async throws -> HTTPResponse.Upgrade {
        var headers = HTTPHeaders([
            ("Host", "test"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ])
        if let token { headers.append("Authorization", "Bearer \(token)") }
        if let subprotocols { headers.append("Sec-WebSocket-Protocol", subprotocols) }
        let request = HTTPRequest(method: .get, target: target, headers: headers)
        guard case .upgrade(let upgrade) = try await gateway.upgrade(request, to: chat).body else {
            throw TestSocket.Missing("an upgrade")
        }
        return upgrade
    }

    /// Gives the gateway a connection it has agreed to.
    func connect(
        _ upgrade: HTTPResponse.Upgrade,
        first: String? = nil,
        limits: OutboundLimits = .init()
    ) throws -> TestSocket {
        var descriptors: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &descriptors) == 0 else {
            throw TestSocket.Missing("a pair of sockets")
        }
        let near = try TCPStream(adopting: descriptors[0], loop: loop, limits: limits)
        let far = try TCPStream(adopting: descriptors[1], loop: loop, limits: .unlimited)
        let leftover = first.map { WebSocketFrameEncoder.encode(.text, Array($0.utf8), maskingKey: 0x1234_5678) }
        upgrade(near, leftover ?? []) { [weak self] in self?.ended += 1 }
        return TestSocket(WebSocketConnection(upgraded: far, loop: loop, role: .client), loop: loop)
    }

    /// Opens a socket and waits until it is live.
    func ready(_ member: Member, limits: OutboundLimits = .init()) async throws -> (TestSocket, GatewaySession) {
        let known = Set(gateway.sessions.keys)
        let socket = try await open(member.token, limits: limits)
        _ = try await socket.frame("ready")
        guard let session = gateway.sessions.first(where: { !known.contains($0.key) })?.value else {
            throw TestSocket.Missing("a session")
        }
        return (socket, session)
    }
}

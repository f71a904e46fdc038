internal import IOCore
internal import Web

/// Keeps a client connected from when somebody first needs that until the client is closed.
///
/// Loop-bound.
final class Connector {
    private let server: ServerURL
    private let runtime: ClientRuntime
    private let configuration: DuologueClient.Configuration
    private let api: APISession
    let inbox: Inbox
    let outbox: Outbox
    private let compression = DeflateContexts()
    private let wake: WakeSignal
    private var policy: ReconnectPolicy
    private var session: SocketSession?
    private var lastToken: String?
    private var liveSince: ContinuousClock.Instant?
    private(set) var isStarted = false
    private var isClosed = false

    /// A user with very many chats gets a large `ready`.
    private static let limits = WebSocketLimits(frameBytes: 16 * 1024 * 1024, messageBytes: 16 * 1024 * 1024)

    init(
        server: ServerURL,
        runtime: ClientRuntime,
        configuration: DuologueClient.Configuration,
        api: APISession,
        hub: EventHub
    ) {
        self.server = server
        self.runtime = runtime
        self.configuration = configuration
        self.api = api
        inbox = Inbox(hub: hub, position: configuration.position)
        outbox = Outbox(loop: runtime.loop, limit: configuration.sendQueueLimit)
        wake = WakeSignal(loop: runtime.loop)
        policy = ReconnectPolicy(initial: configuration.firstDelay, maximum: configuration.longestDelay)
    }

    /// Runs in a task of its own, which ends with the client.
    ///
    /// To be called once; does nothing the second time.
    func start(_ spawn: () -> Void) {
        guard !isStarted, !isClosed else { return }
        isStarted = true
        spawn()
    }

    /// Connects, again and again, until the client is closed or its session has ended.
    func run() async {
        while !isClosed {
            inbox.hub.change(to: .connecting)
            liveSince = nil
            let end = await connect()
            guard !isClosed else { break }
            let length = liveSince.map { runtime.loop.now - $0 } ?? .zero
            var generator = SystemRandomNumberGenerator()
            switch policy.step(after: end, length: length, using: &generator) {
            case .connect(let delay, let reason):
                inbox.hub.change(to: .waiting(delay, reason))
                wake.clear()
                await wake.wait(atMost: delay)
            case .renewCredentials: if let lastToken { api.keeper.expire(lastToken) }
            case .waitForConsumer:
                inbox.hub.change(to: .waitingForConsumer)
                while inbox.hub.isFull, !isClosed { await wake.wait() }
            case .stop(let error): return finish(.failure(error))
            }
        }
        finish(.success(()))
    }

    /// Ends the connection; what was not sent fails.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        session?.close()
        wake.raise()
        if !isStarted { finish(.success(())) }
    }

    /// The program has taken enough events to be given more.
    func consumerCaughtUp() {
        session?.consumerCaughtUp()
        if inbox.hub.connection == .waitingForConsumer { wake.raise() }
    }

    /// Sends a command that is of use now or never; whether there was a connection for it.
    func sendPassing(_ frame: [UInt8]) -> Bool {
        guard let session, session.isLive else { return false }
        return session.connection.sendText(frame)
    }

    private func connect() async -> ReconnectPolicy.End {
        let connection: WebSocketConnection
        let position = inbox.position
        do throws(DuologueError) {
            let token = try await api.keeper.token()
            lastToken = token
            connection = try await open(token, resumes: position != nil)
        } catch {
            return Self.end(error)
        }
        guard !isClosed else {
            connection.close()
            return .closed(code: 1000, reason: "")
        }
        let session = SocketSession(
            connection,
            position: position,
            loop: runtime.loop,
            api: api,
            inbox: inbox,
            outbox: outbox,
            patience: configuration.patience
        ) { [unowned self] in
            liveSince = runtime.loop.now
            policy.connected()
            inbox.hub.change(to: .connected)
        }
        self.session = session
        defer { self.session = nil }
        return await session.run()
    }

    private func open(_ token: String, resumes: Bool) async throws(DuologueError) -> WebSocketConnection {
        do throws(WebSocketClientError) {
            return try await WebSocketClient.connect(
                host: server.host,
                port: server.port,
                path: resumes ? "/api/v1/ws?resume=1" : "/api/v1/ws",
                headers: [("Authorization", "Bearer \(token)")],
                subprotocols: ["duologue.v1"],
                loop: runtime.loop,
                limits: Self.limits,
                compression: compression,
                // What is queued here is bounded by the send queue.
                outbound: .unlimited,
                resolver: runtime.resolver
            )
        } catch {
            throw DuologueError(
                error.code == .timeout ? .timeout : .connection,
                error.message,
                isRetryable: true,
                status: error.status
            )
        }
    }

    private static func end(_ error: DuologueError) -> ReconnectPolicy.End {
        // Only the handshake's errors are of the connection and have a status; a refused renewal ends the session.
        if error.code == .connection, let status = error.status { return .rejected(status: status) }
        return .failed(error)
    }

    private func finish(_ end: Result<Void, DuologueError>) {
        isClosed = true
        switch end {
        case .success: outbox.finish(DuologueError(.closed, "the client was closed"))
        case .failure(let error): outbox.finish(error)
        }
        inbox.hub.finish(end)
    }
}

internal import IOCore
internal import JSON
internal import Web

/// One user's session with a Duologue server: requests over HTTP, and everything that happens over one WebSocket.
///
/// ```swift
/// let client = try await DuologueClient.login(server: "http://127.0.0.1:8080", username: "ada", password: "…")
/// try await client.send("hi", to: 42)
/// for try await case .chat(let event) in client.events { print(event) }
/// ```
///
/// The socket opens with the first iteration of ``events`` or the first message, and from then on is opened again whenever
/// it breaks, until ``close()``: events missed meanwhile are told in their order, and messages given meanwhile are sent.
/// A client that nobody holds any more is closed.
///
/// All calls may come from any task and thread. The work is done by one thread for all clients of the process.
public actor DuologueClient {
    /// Where the session is kept; the same for the lifetime of the client.
    public nonisolated let server: String

    let runtime: ClientRuntime
    private let hub: EventHub
    private let bound: LoopBound<Parts>

    /// What runs on the loop.
    private final class Parts {
        let transport: HTTPTransport
        let api: APISession
        let connector: Connector

        init(transport: HTTPTransport, api: APISession, connector: Connector) {
            self.transport = transport
            self.api = api
            self.connector = connector
        }
    }

    /// The thread that does the work.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe runtime.loop.asUnownedSerialExecutor() }

    /// Goes on with a session whose credentials were kept.
    ///
    /// - Throws: `invalidServer` for what is no `http://host[:port]`. Whether the credentials are good shows with the first
    ///   request.
    public init(
        server: String,
        credentials: Credentials,
        configuration: Configuration = Configuration()
    ) throws(DuologueError) {
        try self.init(server, credentials, configuration)
    }

    private init(_ server: String, _ credentials: Credentials?, _ configuration: Configuration) throws(DuologueError) {
        let url = try ServerURL(server)
        let runtime = ClientRuntime.shared
        let doorbell = Doorbell()
        let hub = EventHub(limit: configuration.eventLimit, onDemand: doorbell.onDemand, onRoom: doorbell.onRoom)
        let transport = HTTPTransport(server: url, runtime: runtime, deadline: configuration.requestDeadline)
        let keeper = CredentialsKeeper(transport: transport, loop: runtime.loop, credentials: credentials)
        keeper.onRenewal = { hub.emit(.credentialsRenewed($0)) }
        let api = APISession(transport: transport, loop: runtime.loop, keeper: keeper)
        let connector = Connector(
            server: url,
            runtime: runtime,
            configuration: configuration,
            api: api,
            hub: hub
        )
        let bound = LoopBound(Parts(transport: transport, api: api, connector: connector), loop: runtime.loop)
        doorbell.connect(
            onDemand: { runtime.loop.execute { Self.start(bound) } },
            onRoom: { runtime.loop.execute { bound.value.connector.consumerCaughtUp() } }
        )
        self.server = server
        self.runtime = runtime
        self.bound = bound
        self.hub = hub
    }

    deinit { runtime.loop.execute { [bound] in Self.close(bound) } }

    /// What happens in the user's chats, and to the connection.
    public nonisolated var events: DuologueEvents { DuologueEvents(hub: hub, client: self) }

    /// How the client stands to its server now.
    public nonisolated var connection: DuologueConnectionState { hub.connection }

    // MARK: Sessions

    /// Logs in.
    ///
    /// - Throws: `invalidCredentials`, `invalidServer`, or what kept the server from answering.
    public static func login(
        server: String,
        username: String,
        password: String,
        device: String? = nil,
        configuration: Configuration = Configuration()
    ) async throws(DuologueError) -> DuologueClient {
        let client = try DuologueClient(server, nil, configuration)
        try await client.logIn { writer in
            writer.field("username", username)
            writer.field("password", password)
            writer.field("device", device)
        }
        return client
    }

    /// Makes an account and logs in.
    ///
    /// - Throws: `usernameTaken`, `emailTaken`, `invalidServer`, what is wrong with the fields, or what kept the server from
    ///   answering.
    public static func register(
        server: String,
        username: String,
        email: String,
        password: String,
        fullName: String? = nil,
        device: String? = nil,
        configuration: Configuration = Configuration()
    ) async throws(DuologueError) -> DuologueClient {
        let client = try DuologueClient(server, nil, configuration)
        try await client.open("/auth/register") { writer in
            writer.field("username", username)
            writer.field("email", email)
            writer.field("password", password)
            writer.field("full_name", fullName)
        }
        try await client.logIn { writer in
            writer.field("username", username)
            writer.field("password", password)
            writer.field("device", device)
        }
        return client
    }

    /// The session's credentials as they are now; nil once it has ended.
    public var credentials: Credentials? { api.keeper.current }

    /// How far events have been handed over; nil before the first connection.
    ///
    /// Given to the next start as `Configuration.position`, it has that go on from here.
    public var position: Position? { connector.inbox.position }

    /// Ends the session on the server, and the client.
    ///
    /// - Throws: what kept the server from answering; the client is closed then as well.
    public func logout() async throws(DuologueError) {
        defer { close() }
        _ = try await api.request(.post, "/auth/logout")
        api.keeper.forget(because: DuologueError(.sessionEnded, "logged out"))
    }

    /// Ends the client: iterations of `events` end, and messages that were not acknowledged fail with `closed`.
    ///
    /// The session stays good for its credentials. Does nothing the second time.
    public func close() { Self.close(bound) }

    // MARK: Within the module

    var api: APISession { bound.value.api }
    var connector: Connector { bound.value.connector }

    /// Opens the socket, if nothing did before.
    func start() { Self.start(bound) }

    private func logIn(_ fields: sending (inout JSONWriter) -> Void) async throws(DuologueError) {
        api.keeper.begin(with: try Credentials(try await open("/auth/login", fields)))
    }

    /// A request of nobody yet.
    @discardableResult
    private func open(
        _ path: RequestPath,
        _ fields: sending (inout JSONWriter) -> Void
    ) async throws(DuologueError) -> ContractFields {
        try await api.openRequest(path, JSONWriter.object(fields))
    }

    private static func close(_ bound: LoopBound<Parts>) {
        bound.value.connector.close()
        bound.value.transport.close()
    }

    // The one task that belongs to no caller: a client has no `run()` that somebody would have to call. It ends when the
    // client is closed, which the end of the last reference to it does.
    private static func start(_ bound: LoopBound<Parts>) {
        bound.value.connector.start {
            Task(executorPreference: bound.loop) {
                await bound.loop.actor.run { _ in await bound.value.connector.run() }
            }
        }
    }
}

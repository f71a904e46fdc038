package import Domain
package import IOCore
package import Messaging
package import Security
package import Web

/// Opens WebSockets on one loop: checks the handshake, authenticates, takes sessions in.
///
/// Loop-bound.
package final class Gateway {
    let hub: Hub
    let gate: WriteGate
    let messages: MessageService
    let limiter: RateLimiter
    let reads: ReadMarkService
    let tokens: AccessTokenAuthority
    let accounts: any AccountStore
    let quota: SocketQuota
    let revoked: RevokedSessions
    let tickets: any TicketStore
    /// Every open session, also those that have not authenticated yet.
    private(set) var sessions: [ObjectIdentifier: GatewaySession] = [:]
    private let admissions = LoopQueue<GatewaySession>()
    /// Changes that read before they write; each socket bounds how many of its own may wait.
    let changes: WorkLane
    /// Commands that wait to be counted.
    let counting: WorkLane
    /// Read marks, which wait for others to be stored with them.
    let marks: WorkLane
    private let contexts = DeflateContexts()
    private var isEnded = false

    static let subprotocol = "duologue.v1"
    private static let changesAtOnce = 128
    private static let marksAtOnce = 2_048
    private static let countedAtOnce = 2_048
    /// Sockets told of the end in one go, and the longest pause for each of them.
    private static let leavingAtOnce = 8
    private static let drainPause = Duration.milliseconds(20)
    private static let leaveInterval = Duration.milliseconds(10)
    private static let leaveLimit = Duration.seconds(6)

    /// Makes a gateway over ports of the same loop.
    package init(
        hub: Hub,
        gate: WriteGate,
        messages: MessageService,
        limiter: RateLimiter,
        reads: ReadMarkService,
        tokens: AccessTokenAuthority,
        accounts: any AccountStore,
        tickets: any TicketStore,
        quota: SocketQuota,
        revoked: RevokedSessions
    ) {
        self.hub = hub
        self.gate = gate
        self.messages = messages
        self.limiter = limiter
        self.reads = reads
        self.tokens = tokens
        self.accounts = accounts
        self.tickets = tickets
        self.quota = quota
        self.revoked = revoked
        changes = WorkLane(loop: hub.loop, width: Self.changesAtOnce)
        counting = WorkLane(loop: hub.loop, width: Self.countedAtOnce)
        marks = WorkLane(loop: hub.loop, width: Self.marksAtOnce)
    }

    /// Answers `GET /api/v1/ws`, or the same for one chat: 101, or a problem.
    ///
    /// The caller is known from the Authorization header, the subprotocol `bearer.<token>` or `?ticket=`; without any of
    /// them the first frame must be `auth`. `admit` is called once that is known, and may refuse by throwing.
    package func upgrade(
        _ request: HTTPRequest,
        to chat: ChatID?,
        admit: (Caller?) async throws -> Void = { _ in }
    ) async throws -> HTTPResponse {
        guard !isEnded else { throw Failure(.storeUnavailable, "The server is shutting down.") }
        guard hub.epoch != nil else { throw Failure(.storeUnavailable, "The server waits for its stores.") }
        let handshake: WebSocketHandshake
        do throws(WebSocketHandshakeError) {
            handshake = try WebSocketHandshake(
                method: request.method.name,
                httpVersion: (1, 1),
                headerValues: request.headers.values(of:)
            )
        } catch {
            throw Problem(
                HTTPStatus(error.status),
                code: Failure.Code.invalidValue.rawValue,
                detail: error.message,
                headers: HTTPHeaders(error.headers)
            )
        }
        try checkOrigin(request)
        let terms = SocketTerms(chat: chat, resumes: try wantsResume(request))
        let caller = try await caller(of: request, handshake)
        try await admit(caller)
        let agreed = handshake.subprotocol(among: [Self.subprotocol])
        let compression = hub.settings.compresses ? PerMessageDeflate.accept(handshake.offeredExtensions) : nil
        let headers = HTTPHeaders(
            handshake.responseHeaders(subprotocol: agreed, extensions: compression?.response)
                .filter { $0.name != "Upgrade" && $0.name != "Connection" }
        )
        let peer = request.peerAddress
        return .upgrade(to: "websocket", headers: headers) { [self] stream, leftover, ended in
            let connection = WebSocketConnection(
                upgraded: stream,
                loop: hub.loop,
                role: .server,
                leftover: leftover,
                subprotocol: agreed,
                limits: WebSocketLimits(
                    frameBytes: hub.settings.maximumFrameBytes,
                    messageBytes: hub.settings.maximumFrameBytes
                ),
                compression: compression.map { WebSocketCompression($0, contexts: contexts) }
            )
            open(connection, from: peer, caller: caller, terms: terms, ended: ended)
        }
    }

    /// Takes in authenticated sessions and performs their changes until `shutdown` is given; then lets each session
    /// finish its commands and closes it.
    package func run(until shutdown: ShutdownSignal) async {
        let loop = hub.loop
        let bound = LoopBound(self, loop: loop)
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: loop) {
                await shutdown.wait()
                await loop.actor.run { _ in await bound.value.end() }
            }
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.changes.run() }
            }
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.marks.run() }
            }
            group.addTask(executorPreference: loop) {
                await loop.actor.run { _ in await bound.value.counting.run() }
            }
            while let session = await admissions.next() {
                let held = LoopBound(session, loop: loop)
                group.addTask(executorPreference: loop) {
                    await loop.actor.run { _ in await held.value.join() }
                }
            }
        }
    }

    /// Queues a session whose caller is known.
    func admit(_ session: GatewaySession) { admissions.append(session) }

    func forget(_ session: GatewaySession) { sessions[ObjectIdentifier(session)] = nil }

    private func open(
        _ connection: WebSocketConnection,
        from peer: String,
        caller: Caller?,
        terms: SocketTerms,
        ended: @escaping () -> Void
    ) {
        let session = GatewaySession(
            gateway: self,
            connection: connection,
            peer: peer,
            caller: caller,
            terms: terms,
            ended: ended
        )
        sessions[ObjectIdentifier(session)] = session
        session.begin()
        if caller == nil { expectAuth(session) }
        // The handshake may have waited for its ticket while the others left.
        if isEnded { session.leave() }
    }

    private func expectAuth(_ session: GatewaySession) {
        hub.loop.schedule(after: hub.settings.authDeadline) { [weak session] in session?.closeUnlessAuthenticated() }
    }

    private func end() async {
        isEnded = true
        await drain()
        let limit = hub.loop.now + Self.leaveLimit
        while !sessions.isEmpty, hub.loop.now < limit { await hub.loop.sleep(for: Self.leaveInterval) }
        admissions.finish()
        changes.finish()
        marks.finish()
        counting.finish()
    }

    private func wantsResume(_ request: HTTPRequest) throws -> Bool {
        switch try request.queryItems().first(where: { $0.name == "resume" })?.value {
        case nil, "0": false
        case "1": true
        default: throw Failure(.invalidValue, "resume: must be 0 or 1")
        }
    }

    /// Tells the sockets one after the other, so that their clients do not all connect elsewhere at once.
    private func drain() async {
        let leaving = Array(sessions.values)
        let end = hub.loop.now + hub.settings.drain
        for (index, session) in leaving.enumerated() {
            session.leave()
            let rest = leaving.count - index - 1
            // Few need no spreading.
            let pause = min((end - hub.loop.now) / max(rest, 1), Self.drainPause)
            guard index % Self.leavingAtOnce == 0 else { continue }
            if rest > 0, pause > .zero { await hub.loop.sleep(for: pause * Self.leavingAtOnce) }
        }
    }

    private func checkOrigin(_ request: HTTPRequest) throws(Failure) {
        guard let origin = request.headers["origin"] else { return }
        guard hub.settings.allowedOrigins.contains(origin) else {
            throw Failure(.forbidden, "This origin may not connect.")
        }
    }
}

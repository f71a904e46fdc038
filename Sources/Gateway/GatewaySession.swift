internal import Domain
internal import IOCore
internal import Messaging
internal import Security
internal import Web

/// One client's WebSocket, from `hello` to its end.
///
/// Loop-bound.
///
/// No task waits for it while it is idle: frames come in through the connection's receiver.
final class GatewaySession: WebSocketReceiver, EventReceiver {
    let gateway: Gateway
    let hub: Hub
    private let connection: WebSocketConnection
    private(set) var caller: Caller?
    private let peer: String
    private var isCounted = false
    private var countedUser: UserID?
    private var budget: FrameBudget
    /// Whether its client said that it wants to go on from where it was.
    private let wantsResume: Bool
    private var resumption: ResumeRequest?
    /// Whether `ready` is on its way, or has been sent.
    private var isAdmitted = false
    private var isJoined = false
    var inFlight = 0
    /// Of chats with a change under way that reads before it writes: what came after it, in order.
    var waiting: [ChatID: [() -> Void]] = [:]
    /// Commands that wait to be counted, in the order they came.
    var turns: [Turn] = []
    /// What was typed before the socket was live.
    var earlyTyping: [(isTyping: Bool, chat: ChatID, id: CommandID?)] = []
    private var isPaused = false
    private var isLeaving = false
    private let ended: () -> Void

    private var isProbed = false
    private var stall = StallWatch()

    var subscription = Subscription()

    /// How long a client may take nothing of what is queued for it.
    private static let stallLimit = Duration.seconds(30)
    /// Commands under way at once; more are left unread.
    private static let inFlightLimit = 64
    static let earlyTypingLimit = 64

    /// Makes the session of a connection of a client at `peer`; `ended` is called once the connection is closed.
    init(
        gateway: Gateway,
        connection: WebSocketConnection,
        peer: String,
        caller: Caller?,
        terms: SocketTerms,
        ended: @escaping () -> Void
    ) {
        self.ended = ended
        wantsResume = terms.resumes
        subscription.only = terms.chat
        self.peer = peer
        budget = FrameBudget(framesPerSecond: gateway.hub.settings.framesPerSecond, now: gateway.hub.loop.now)
        self.gateway = gateway
        hub = gateway.hub
        self.connection = connection
        self.caller = caller
    }

    var isOpen: Bool { connection.isOpen }

    /// Greets the client and, where the handshake authenticated it, takes it in.
    func begin() {
        isCounted = gateway.quota.open(from: peer)
        let settings = hub.settings
        deliver(
            ServerFrames.hello(
                heartbeat: settings.heartbeat,
                epoch: hub.epoch ?? "",
                maximumFrameBytes: settings.maximumFrameBytes
            )
        )
        // What arrived with the handshake is looked at now.
        let isKnown = caller != nil
        isLeaving = !isCounted
        connection.receive(with: self)
        guard isCounted else { return close(.rateLimited, reason: "too many sockets from this address") }
        if isKnown { authenticated() }
    }

    /// Takes the client in, or waits a while for what it wants to resume from.
    private func authenticated() {
        guard let caller, gateway.quota.open(caller.user) else {
            return close(.rateLimited, reason: "too many sockets of this user")
        }
        countedUser = caller.user
        guard wantsResume else { return admit() }
        hub.loop.schedule(after: hub.settings.resumeDeadline) { [weak self] in self?.admit() }
    }

    private func admit() {
        guard !isAdmitted else { return }
        isAdmitted = true
        gateway.admit(self)
    }

    private func resume(_ request: ResumeRequest, _ id: CommandID?) {
        guard wantsResume, !isAdmitted else {
            let detail = "A socket resumes once, before ready, and only where it was opened with resume=1."
            return deliver(ServerFrames.error(id, Failure(.conflict, detail)))
        }
        resumption = request
        admit()
    }

    func deliver(_ frame: SharedFrame) {
        guard connection.isOpen, !connection.send(frame) else { return }
        hub.metrics.slow.increment()
        connection.close(.tooSlow, reason: "the client reads too slowly")
    }

    func deliverEphemeral(_ frame: SharedFrame) {
        guard connection.isOpen else { return }
        guard connection.isHalfEmpty, connection.send(frame) else { return hub.metrics.shed.increment() }
        hub.metrics.ephemeral.increment()
    }

    var isBacklogged: Bool { connection.isBacklogged }

    func waitUntilDrained() async { await connection.waitUntilDrained() }

    func close(_ code: WebSocketCloseCode, reason: String) { connection.close(code, reason: reason) }

    /// Takes no more commands, and closes once those under way are answered.
    func leave() {
        isLeaving = true
        if inFlight == 0 { close(.goingAway, reason: "the server is stopping") }
    }

    /// The part of taking in that reads the stores.
    func join() async {
        guard let caller, connection.isOpen else { return }
        do {
            guard try await hub.reading({ try await gateway.accounts.isActive(caller.session) }) else {
                return isRevoked ? closeAsRevoked() : close(.unauthenticated, reason: "the session has ended")
            }
            guard connection.isOpen else { return }
            isJoined = true
            try await hub.join(self, user: caller.user, resuming: resumption)
            resumption = nil
            let early = earlyTyping
            earlyTyping = []
            for typing in early { type(typing.isTyping, in: typing.chat, typing.id) }
        } catch {
            hub.logger.warning("socket not taken in", ["error": .string("\(error)")])
            giveUp()
        }
        if !connection.isOpen { hub.leave(self, user: caller.user) }
    }

    func closeUnlessAuthenticated() {
        if caller == nil { close(.unauthenticated, reason: "no auth frame came in time") }
    }

    func giveUp() { close(.tryAgainLater, reason: "a store is not available") }

    func checkDeadlines(now: ContinuousClock.Instant, time: Timestamp) {
        if stall.isStalled(queued: connection.queuedBytes, now: now, limit: Self.stallLimit) {
            hub.metrics.slow.increment()
            return connection.abort()
        }
        if isRevoked { return closeAsRevoked() }
        if let caller, caller.expiresAt <= time { return close(.unauthenticated, reason: "token_expired") }
        guard !connection.isReadingPaused else { return }
        let silence = now - connection.lastReceived
        if silence > hub.settings.silenceLimit {
            connection.abort()
        } else if silence <= min(hub.settings.heartbeat, hub.settings.silenceLimit / 3) {
            isProbed = false
        } else if !isProbed {
            isProbed = true
            _ = connection.sendPing()
        }
    }

    private var isRevoked: Bool { caller.map { gateway.revoked.contains($0.session) } ?? false }

    private func closeAsRevoked() { close(.sessionRevoked, reason: "the session was revoked") }

    // MARK: WebSocketReceiver

    func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool {
        guard !isLeaving else { return true }
        guard budget.take(now: hub.loop.now) else {
            close(.rateLimited, reason: "more than \(hub.settings.framesPerSecond) frames a second")
            return true
        }
        guard case .text(let text) = message else {
            close(.badFrame, reason: "frames are JSON texts")
            return true
        }
        do throws(ClientCommand.Invalid) {
            let (command, id) = try ClientCommand.parse(text)
            perform(command, id)
        } catch {
            if caller == nil {
                close(.unauthenticated, reason: "the first frame must be auth")
            } else {
                deliver(ServerFrames.error(error.id, error.failure))
            }
        }
        isPaused = inFlight >= Self.inFlightLimit
        return !isPaused
    }

    func webSocketDidClose(_ connection: WebSocketConnection) {
        gateway.forget(self)
        if isCounted { gateway.quota.close(from: peer) }
        if let countedUser { gateway.quota.close(countedUser) }
        ended()
        if isJoined, let caller { hub.leave(self, user: caller.user) }
    }

    // MARK: Commands

    private func perform(_ command: ClientCommand, _ id: CommandID?) {
        switch command {
        case .auth(let token): authenticate(token, id)
        case .ping where caller != nil: deliver(ServerFrames.pong(id))
        case .resume(let request) where caller != nil: resume(request, id)
        case .typing(let chat, let isTyping) where caller != nil: type(isTyping, in: chat, id)
        case .presence(let status) where caller != nil: show(status, id)
        default:
            guard let caller else { return close(.unauthenticated, reason: "the first frame must be auth") }
            // The sweep of deadlines looks only at sockets that were taken in, and not at every moment.
            guard !isRevoked else { return closeAsRevoked() }
            guard caller.expiresAt > hub.settings.now() else { return close(.unauthenticated, reason: "token_expired") }
            guard isJoined || gateway.revoked.isComplete() else {
                let detail = "Whether the session has ended is not known yet."
                return deliver(ServerFrames.error(id, Failure(.storeUnavailable, detail)))
            }
            count(command, id, as: caller.user)
        }
    }

    private func authenticate(_ token: String, _ id: CommandID?) {
        let fresh: Caller
        do throws(SecurityError) {
            fresh = try gateway.tokens.verify(token, now: hub.settings.now()).caller
        } catch {
            return close(.unauthenticated, reason: error.code == .expired ? "token_expired" : "the token is not valid")
        }
        guard !gateway.revoked.contains(fresh.session) else { return closeAsRevoked() }
        if let caller {
            guard caller.user == fresh.user else {
                return deliver(ServerFrames.error(id, Failure(.forbidden, "The token is another user's.")))
            }
            self.caller = fresh
            deliver(ServerFrames.ack(id))
        } else {
            caller = fresh
            authenticated()
        }
    }

    /// A command was answered: the next may be read.
    func commandEnded() {
        inFlight -= 1
        // One that leaves goes on to what it left unread too, which it drops: behind that it learns of its end.
        if isLeaving { leave() }
        guard isPaused, inFlight < Self.inFlightLimit / 2 else { return }
        isPaused = false
        connection.receive(with: self)
    }
}

internal import IOCore
internal import Web

/// One connection, from the handshake to its end.
///
/// Loop-bound. Frames are taken as they come, in order; what has to wait for an answer is done by `run()`.
final class SocketSession: WebSocketReceiver {
    private enum Phase { case greeting, resuming, live }

    private enum Work {
        case fetch(DuologueClient.ChatID)
        case renewCredentials
    }

    /// What a session needs to know of time.
    struct Patience: Sendable {
        /// From the handshake until the client is taken in.
        var ready = Duration.seconds(20)
        /// For the answer to a message.
        var answer = Duration.seconds(20)
        /// From a head until its event counts as lost.
        var tail = Duration.seconds(2)
        /// For a program that has stopped taking events.
        var consumer = Duration.seconds(10)
    }

    let connection: WebSocketConnection
    private let loop: EventLoop
    private let api: APISession
    private let inbox: Inbox
    private let outbox: Outbox
    private let patience: Patience
    private let onLive: () -> Void
    private let position: DuologueClient.Position?
    private let work = LoopQueue<Work>()
    private var phase = Phase.greeting
    private var heartbeat = Duration.seconds(15)
    private var isPaused = false
    private var timers: [Timer: LoopTimer] = [:]
    /// Why this side ended it.
    private var ownEnd: ReconnectPolicy.End?

    private enum Timer { case ready, watch, consumer, renewal }

    /// Takes over an open connection; `position` is what it was announced to resume from.
    init(
        _ connection: WebSocketConnection,
        position: DuologueClient.Position?,
        loop: EventLoop,
        api: APISession,
        inbox: Inbox,
        outbox: Outbox,
        patience: Patience,
        onLive: @escaping () -> Void
    ) {
        self.connection = connection
        self.position = position
        self.loop = loop
        self.api = api
        self.inbox = inbox
        self.outbox = outbox
        self.patience = patience
        self.onLive = onLive
    }

    /// Whether commands can be sent.
    var isLive: Bool { phase == .live && connection.isOpen }

    /// Serves the connection to its end, and says how it ended.
    func run() async -> ReconnectPolicy.End {
        set(.ready, after: patience.ready) { $0.abort(.timeout, "the server did not take the client in") }
        watch()
        connection.receive(with: self)
        while let item = await work.next() {
            guard connection.isOpen else { continue }
            await perform(item)
        }
        for timer in timers.values { timer.cancel() }
        timers = [:]
        outbox.disconnect()
        inbox.disconnect()
        if let ownEnd { return ownEnd }
        let status = connection.closeStatus
        return .closed(code: status?.code.rawValue ?? 1006, reason: status?.reason ?? "")
    }

    /// Says goodbye.
    func close() { connection.close() }

    /// Takes frames again after the program has caught up.
    func consumerCaughtUp() {
        guard isPaused, !inbox.hub.isFull else { return }
        isPaused = false
        timers.removeValue(forKey: .consumer)?.cancel()
        connection.receive(with: self)
    }

    // MARK: WebSocketReceiver

    func webSocket(_ connection: WebSocketConnection, didReceive message: WebSocketMessage) -> Bool {
        guard ownEnd == nil, case .text(let text) = message else { return true }
        do throws(DuologueError) {
            take(try ServerFrame(parsing: text))
        } catch {
            abort(error.code, error.message)
        }
        guard inbox.hub.isFull else { return true }
        isPaused = true
        set(.consumer, after: patience.consumer) { $0.abort(.consumerTooSlow) }
        return false
    }

    func webSocketDidClose(_ connection: WebSocketConnection) { work.finish() }

    private func take(_ frame: ServerFrame) {
        switch frame {
        case .hello(let heartbeat, _, _):
            self.heartbeat = max(heartbeat, .milliseconds(100))
            watch()
            if let position { _ = connection.sendText(ClientFrame.resume(position)) }
        case .ready(let user, let epoch, let heads):
            inbox.ready(user, epoch: epoch, heads: heads, resumes: position != nil)
            if position == nil { begin() } else { phase = .resuming }
        case .resumed(let chats):
            for chat in inbox.resumed(chats) { work.append(.fetch(chat)) }
            begin()
        case .event(let event): take(event)
        case .passing(let event): inbox.hub.emit(event, isPassing: true)
        case .heartbeat(let heads): take(heads)
        case .ack(let ack): outbox.acknowledge(ack)
        case .error(let number?, let error): outbox.refuse(number, error)
        case .error(nil, let error): if phase != .live { abort(error.code, error.message) }
        case .other: break
        }
    }

    private func begin() {
        guard phase != .live else { return }
        phase = .live
        timers.removeValue(forKey: .ready)?.cancel()
        outbox.connect { [connection] in connection.sendText($0) }
        scheduleRenewal()
        onLive()
    }

    private func take(_ event: ChatEvent) {
        switch inbox.receive(event) {
        case .apply, .known: break
        // While resuming, what is missing may come yet.
        case .hole: if phase == .live { work.append(.fetch(event.chat)) }
        case .overflow: abort(.contract, "too many events came out of turn")
        }
    }

    private func take(_ heads: [DuologueClient.ChatID: Int64]) {
        guard phase == .live else { return }
        let unknown = Set(heads.keys.filter { inbox.cursors.applied($0) == nil })
        let behind = inbox.note(heads)
        guard !behind.isEmpty else { return }
        loop.schedule(after: patience.tail) { [weak self] in
            guard let self, isLive else { return }
            for chat in behind {
                if unknown.contains(chat), inbox.cursors.applied(chat) == nil {
                    // Its beginning was lost.
                    inbox.reset(chat, to: heads[chat] ?? 0)
                } else if inbox.cursors.isBehind(chat) {
                    work.append(.fetch(chat))
                }
            }
        }
    }

    // MARK: Work that waits

    private func perform(_ item: Work) async {
        do throws(DuologueError) {
            switch item {
            case .fetch(let chat): try await fetch(chat)
            case .renewCredentials:
                _ = connection.sendText(ClientFrame.authenticate(try await api.keeper.token()))
                scheduleRenewal()
            }
        } catch {
            // Another connection resumes from what was handed over.
            abort(error.code, error.message)
        }
    }

    /// Fetches what is missing in a chat; too much of it becomes a reset.
    private func fetch(_ chat: DuologueClient.ChatID) async throws(DuologueError) {
        guard inbox.cursors.isBehind(chat), let applied = inbox.cursors.applied(chat) else { return }
        let events: [ChatEvent]
        do throws(DuologueError) {
            events = try await api.events(of: chat, after: applied).items
        } catch {
            guard error.code == .chatNotFound else { throw error }
            return inbox.end(chat)
        }
        guard connection.isOpen else { return }
        for event in events { _ = inbox.receive(event) }
        guard inbox.cursors.isBehind(chat), let head = inbox.cursors.head(chat) else { return }
        inbox.reset(chat, to: head)
    }

    private func scheduleRenewal() {
        set(.renewal, after: max(.milliseconds(100), api.keeper.timeUntilRenewal)) { $0.work.append(.renewCredentials) }
    }

    // MARK: Time

    private func watch() {
        set(.watch, after: heartbeat) { session in
            session.look()
            session.watch()
        }
    }

    private func look() {
        guard connection.isOpen, !isPaused else { return }
        if let sent = outbox.oldestDeparture, loop.now - sent > patience.answer {
            return abort(.timeout, "a message was not answered")
        }
        let silence = loop.now - connection.lastReceived
        if silence > heartbeat * 3 {
            abort(.timeout, "the server is silent")
        } else if silence > heartbeat / 2 {
            _ = connection.sendPing()
        }
    }

    private func abort(_ code: DuologueError.Code, _ message: String) {
        abort(.failed(DuologueError(code, message, isRetryable: true)))
    }

    private func abort(_ end: ReconnectPolicy.End) {
        if ownEnd == nil { ownEnd = end }
        connection.abort()
        guard isPaused else { return }
        // The end comes behind the frames that wait, which are taken now and left alone.
        isPaused = false
        connection.receive(with: self)
    }

    private func set(_ timer: Timer, after delay: Duration, _ body: @escaping (SocketSession) -> Void) {
        timers[timer]?.cancel()
        timers[timer] = loop.schedule(after: delay) { [weak self] in
            guard let self else { return }
            timers[timer] = nil
            body(self)
        }
    }
}

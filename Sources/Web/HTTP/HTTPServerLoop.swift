internal import IOCore

/// The part of an HTTP server that lives on one loop: its listener, its connections, its sweep of deadlines.
///
/// Loop-bound.
@safe
final class HTTPServerLoop {
    let limits: HTTPLimits
    let answers: AnswerPolicy
    let proxies: TrustedProxies
    var requestIDs = RequestIDs()

    private let eventLoop: EventLoop
    private let responder: any HTTPResponder
    private let logger: Logger
    private var encoder = HTTPResponseEncoder()
    private var listener: TCPListener?
    private var sweepTimer: LoopTimer?
    private var drainTimer: LoopTimer?
    private var draining = false

    private var connections: [HTTPConnection] = []
    private var upgraded: [ObjectIdentifier: TCPStream] = [:]
    /// All that hold a descriptor, from accepting to closing.
    private(set) var openConnections = 0
    /// Accepted sockets, each to be served by a child task.
    private let accepted = LoopQueue<Int32>()

    init(eventLoop: EventLoop, configuration: HTTPServer.Configuration, responder: any HTTPResponder, logger: Logger) {
        self.eventLoop = eventLoop
        limits = configuration.limits
        answers = configuration.answers
        proxies = configuration.proxies
        self.responder = responder
        self.logger = logger
    }

    var now: ContinuousClock.Instant { eventLoop.now }

    func limits(for method: HTTPMethod, path: String) -> RequestLimits? { responder.limits(for: method, path: path) }

    func makeSignal() -> WakeSignal { WakeSignal(loop: eventLoop) }

    /// Listens, and returns the port; `joining` where another loop of the server has claimed it.
    func listen(host: String, port: Int, joining: Bool) throws(IOError) -> Int {
        let listener = try TCPListener(host: host, port: port, joining: joining, loop: eventLoop) {
            [unowned self] in accept($0)
        }
        self.listener = listener
        return listener.localPort
    }

    /// Serves until it is drained and the last connection has ended.
    func run(isolation: isolated LoopActor) async {
        scheduleSweep()
        await withDiscardingTaskGroup { group in
            let bound = LoopBound(self, loop: eventLoop)
            while let descriptor = await accepted.next() {
                group.addTask(executorPreference: eventLoop) {
                    await bound.loop.actor.run { _ in await bound.value.serve(descriptor) }
                }
            }
        }
        sweepTimer?.cancel()
        drainTimer?.cancel()
    }

    /// Accepts no more, lets current requests end and closes the rest after `timeout`.
    func drain(timeout: Duration) {
        draining = true
        listener?.close()
        listener = nil
        for connection in connections { connection.drain() }
        drainTimer = eventLoop.schedule(after: timeout) { [weak self] in self?.closeAll() }
        finishIfDrained()
    }

    /// Stops listening before `run`, when another loop could not.
    func abandon() {
        listener?.close()
        listener = nil
        for descriptor in accepted.removeAll() { _ = try? TCPStream(adopting: descriptor, loop: eventLoop) }
    }

    func encode(
        _ response: HTTPResponse,
        framing: HTTPResponseEncoder.Framing,
        bodyPrefix: Int = .max
    ) -> [UInt8] {
        encoder.encode(response, framing: framing, bodyPrefix: bodyPrefix)
    }

    // MARK: Accepting

    private func accept(_ descriptor: Int32) {
        guard openConnections < limits.connections else { return refuse(descriptor) }
        openConnections += 1
        accepted.append(descriptor)
    }

    private func refuse(_ descriptor: Int32) {
        guard let stream = try? TCPStream(adopting: descriptor, loop: eventLoop) else { return }
        let identity = requestIDs.identity(for: nil)
        let framing = HTTPResponseEncoder.Framing(requestID: identity, closes: true)
        var response = Problem.overloaded.response(requestID: identity)
        answers.complete(&response, to: nil, nil)
        _ = stream.send(Frame(encode(response, framing: framing)))
        stream.closeAfterFlush()
    }

    // MARK: Serving

    /// Serves one connection until it closes or leaves HTTP.
    ///
    /// After an upgrade the task ends: an idle WebSocket is not to hold the memory of one.
    private func serve(_ descriptor: Int32) async {
        guard let stream = try? TCPStream(adopting: descriptor, loop: eventLoop, limits: limits.outbound) else {
            return connectionEnded()
        }
        let connection = HTTPConnection(stream: stream, loop: self)
        add(connection)
        if draining { connection.drain() }
        while let request = await connection.nextRequest() {
            let response = await responder.respond(to: request)
            guard let upgrade = await connection.send(response, to: request) else { continue }
            remove(connection)
            guard let (stream, leftover) = connection.release() else { return connectionEnded() }
            return hand(stream, leftover: leftover, to: upgrade)
        }
        remove(connection)
        connectionEnded()
    }

    private func hand(_ stream: TCPStream, leftover: [UInt8], to upgrade: HTTPResponse.Upgrade) {
        let key = ObjectIdentifier(stream)
        upgraded[key] = stream
        upgrade(stream, leftover) { [weak self] in
            guard let self, let stream = upgraded.removeValue(forKey: key) else { return }
            stream.close()
            connectionEnded()
        }
    }

    private func connectionEnded() {
        openConnections -= 1
        finishIfDrained()
    }

    private func finishIfDrained() {
        if draining, openConnections == 0 { accepted.finish() }
    }

    private func add(_ connection: HTTPConnection) {
        connection.index = connections.count
        connections.append(connection)
    }

    private func remove(_ connection: HTTPConnection) {
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
        connection.index = -1
    }

    // MARK: Deadlines

    private func scheduleSweep() {
        sweepTimer = eventLoop.schedule(after: limits.sweepInterval) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        let now = now
        for connection in connections { connection.sweep(now: now) }
        scheduleSweep()
    }

    private func closeAll() {
        logger.warning("connections closed at the end of the drain", ["count": .int(openConnections)])
        for connection in connections { connection.close() }
        for stream in upgraded.values { stream.close() }
    }
}

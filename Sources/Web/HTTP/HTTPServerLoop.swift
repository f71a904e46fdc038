internal import IOCore

/// The part of an HTTP server that lives on one loop: its listener, its connections, its sweep of deadlines.
///
/// Loop-bound.
@safe
final class HTTPServerLoop {
    let limits: HTTPLimits
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
    private var pending: [Work] = []
    private var waiter: UnsafeContinuation<Void, Never>?

    /// What a child task is to be started for.
    ///
    /// An upgraded connection goes on in a new task: a task keeps the memory of its deepest call as long as it runs, and
    /// an idle WebSocket is not to hold that of a request.
    private enum Work {
        case accepted(Int32)
        case upgraded(HTTPResponse.Upgrade, TCPStream, leftover: [UInt8])
    }

    init(eventLoop: EventLoop, limits: HTTPLimits, responder: any HTTPResponder, logger: Logger) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.responder = responder
        self.logger = logger
    }

    var now: ContinuousClock.Instant { eventLoop.now }

    /// Listens, and returns the port.
    func listen(host: String, port: Int) throws(IOError) -> Int {
        let listener = try TCPListener(host: host, port: port, loop: eventLoop) { [unowned self] in accept($0) }
        self.listener = listener
        return listener.localPort
    }

    /// Serves until it is drained and the last connection has ended.
    func run(isolation: isolated LoopActor) async {
        scheduleSweep()
        await withDiscardingTaskGroup { group in
            while let work = await nextWork() {
                let bound = LoopBound((self, work), loop: eventLoop)
                group.addTask(executorPreference: eventLoop) {
                    await bound.loop.actor.run { _ in
                        let (server, work) = bound.value
                        await server.perform(work)
                    }
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
        resumeWaiter()
    }

    /// Stops listening before `run`, when another loop could not.
    func abandon() {
        listener?.close()
        listener = nil
        for case .accepted(let descriptor) in pending { _ = try? TCPStream(adopting: descriptor, loop: eventLoop) }
        pending = []
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
        pending.append(.accepted(descriptor))
        resumeWaiter()
    }

    private func refuse(_ descriptor: Int32) {
        guard let stream = try? TCPStream(adopting: descriptor, loop: eventLoop) else { return }
        let identity = requestIDs.identity(for: nil)
        let framing = HTTPResponseEncoder.Framing(requestID: identity, closes: true)
        _ = stream.send(Frame(encode(Problem.overloaded.response(requestID: identity), framing: framing)))
        stream.closeAfterFlush()
    }

    private func nextWork() async -> Work? {
        while pending.isEmpty {
            if draining, openConnections == 0 { return nil }
            await unsafe withUnsafeContinuation { unsafe waiter = $0 }
        }
        return pending.removeFirst()
    }

    private func resumeWaiter() {
        guard let continuation = unsafe waiter else { return }
        unsafe waiter = nil
        unsafe continuation.resume()
    }

    // MARK: Serving

    private func perform(_ work: Work) async {
        switch work {
        case .accepted(let descriptor):
            if let upgrade = await converse(descriptor) {
                pending.append(upgrade)
                resumeWaiter()
            } else {
                connectionEnded()
            }
        case .upgraded(let upgrade, let stream, let leftover):
            upgraded[ObjectIdentifier(stream)] = stream
            await upgrade(stream, leftover)
            upgraded[ObjectIdentifier(stream)] = nil
            stream.close()
            connectionEnded()
        }
    }

    private func converse(_ descriptor: Int32) async -> Work? {
        guard let stream = try? TCPStream(adopting: descriptor, loop: eventLoop) else { return nil }
        let connection = HTTPConnection(stream: stream, loop: self)
        add(connection)
        defer { remove(connection) }
        if draining { connection.drain() }
        while let request = await connection.nextRequest() {
            let response = await responder.respond(to: request)
            guard let upgrade = await connection.send(response, to: request) else { continue }
            guard let (stream, leftover) = connection.release() else { return nil }
            return .upgraded(upgrade, stream, leftover: leftover)
        }
        return nil
    }

    private func connectionEnded() {
        openConnections -= 1
        if draining { resumeWaiter() }
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

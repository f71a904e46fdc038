internal import IOCore

/// One connection speaking HTTP/1.1: requests out of bytes, responses into them, in order.
///
/// Loop-bound.
///
/// The task that owns it asks for a request, answers it and asks again, so the next request is not parsed before the
/// last is answered. Deadlines lie in a field that the server's sweep looks at; there is no timer per connection.
@safe
final class HTTPConnection {
    private enum State {
        case open
        /// The last response is queued; what still arrives is read and dropped, since closing on unread bytes makes TCP
        /// reset the connection, and the peer may then never see the response.
        case lingering
        /// The last response is queued and nothing is read any more.
        case finishing
        case closed
    }

    private let stream: TCPStream
    private let loop: HTTPServerLoop
    private var parser: HTTPRequestParser
    private var input = InputBuffer()
    private var state = State.open
    private var readingPaused = false
    /// The server is stopping: the current request is the last.
    private var draining = false
    /// A handler has the request, or its answer is being written.
    private var answering = false
    /// What a handler has not answered yet.
    private var unanswered: HTTPRequest?
    /// Raised by whatever the owner's task may wait for; every wait is in a loop that looks again.
    private let news: WakeSignal

    /// When what is awaited is overdue; nil while an answer is being written, which has a bound of its own.
    private var deadline: ContinuousClock.Instant?
    private var phase = HTTPRequestParser.Phase.idle
    private var stall = StallWatch()
    /// Its place in the server's list.
    var index = -1

    private var limits: HTTPLimits { loop.limits }

    init(stream: TCPStream, loop: HTTPServerLoop) {
        self.stream = stream
        self.loop = loop
        parser = HTTPRequestParser(limits: loop.limits) { [unowned loop] head in
            loop.limits(for: head.method, path: head.path)
        }
        news = loop.makeSignal()
        stream.delegate = self
        phase = .idle
        deadline = loop.now + loop.limits.idleTimeout
        stream.startReading()
    }

    // MARK: For the task that owns it

    /// The next request; nil once there will be none.
    ///
    /// Refuses malformed ones by itself.
    func nextRequest() async -> HTTPRequest? {
        answering = false
        while state == .open {
            if draining, parser.phase == .idle, input.isEmpty { break }
            let step: HTTPRequestParser.Step
            do {
                step = try parser.parse(&input)
            } catch {
                refuse(error)
                break
            }
            switch step {
            case .request(let parsed):
                deadline = loop.now + (parsed.limits?.answerTimeout ?? limits.answerTimeout)
                let identity = loop.requestIDs.identity(for: parsed.head.headers["x-request-id"])
                let client = loop.proxies.client(of: parsed.head.headers, peer: stream.peerAddress)
                let request = HTTPRequest(parsed: parsed, peerAddress: client, requestID: identity)
                answering = true
                unanswered = request
                return request
            case .sendsContinue:
                _ = stream.send(Self.continueFrame)
            case .needsBytes:
                updateDeadline()
                resumeReading()
                await wait()
            }
        }
        if state == .open { finish() }
        while state != .closed { await wait() }
        return nil
    }

    /// Queues the response; waits only while much is unwritten.
    ///
    /// One that comes after the deadline is dropped: the client has been told that the server did not answer.
    /// Returns the upgrade when the connection leaves HTTP.
    func send(_ response: HTTPResponse, to request: HTTPRequest) async -> HTTPResponse.Upgrade? {
        unanswered = nil
        guard state == .open else { return nil }
        deadline = nil
        if case .upgrade(let upgrade) = response.body {
            _ = await write(response, framing: .init(requestID: request.requestID, closes: false))
            return upgrade
        }
        let closes = !request.keepsAlive || draining || response.headers.contains("connection", token: "close")
        let framing = HTTPResponseEncoder.Framing(
            requestID: request.requestID,
            isHEAD: request.method == .head,
            closes: closes,
            confirmsKeepAlive: !request.isHTTP11
        )
        var response = response
        loop.answers.complete(&response, to: request.method, request.headers)
        let written = await write(response, framing: framing)
        if !written || closes {
            finish()
        }
        return nil
    }

    /// Gives up the stream and what the client sent behind its request.
    ///
    /// The connection is of no use then.
    func release() -> (TCPStream, [UInt8])? {
        guard state == .open else { return nil }
        state = .closed
        stream.stopReading()
        stream.delegate = nil
        return (stream, input.take(input.count))
    }

    // MARK: For the server

    /// Ends the connection if its deadline has passed.
    func sweep(now: ContinuousClock.Instant) {
        if stall.isStalled(queued: stream.queuedBytes, now: now, limit: limits.writeTimeout) { close() }
        guard let deadline, deadline <= now else { return }
        if state == .open, let request = unanswered {
            refuse(.notAnswered, request)
            news.raise()
        } else if state == .open, phase != .idle {
            refuse(.timeout)
            news.raise()
        } else {
            close()
        }
    }

    /// Makes the current request the last; closes at once when there is none.
    func drain() {
        draining = true
        guard state == .open, !answering else { return }
        news.raise()
    }

    /// Closes at once, whatever is under way.
    func close() { stream.close() }

    // MARK: Writing

    private static let continueFrame = Frame(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))

    /// Queues a response; false when the stream is closed or refuses it.
    private func write(_ response: HTTPResponse, framing: HTTPResponseEncoder.Framing) async -> Bool {
        let piece = limits.unwrittenBytes
        guard stream.send(Frame(loop.encode(response, framing: framing, bodyPrefix: piece))) else { return false }
        guard !framing.isHEAD, response.bodyBytes.count > piece else {
            await untilWritten(below: piece)
            return state == .open
        }
        let body = response.bodyBytes
        var sent = piece
        while sent < body.count {
            await untilWritten(below: 1)
            let end = min(sent + piece, body.count)
            guard state == .open, stream.send(Frame(Array(body[sent..<end]))) else { return false }
            sent = end
        }
        await untilWritten(below: piece)
        return state == .open
    }

    /// Waits until fewer than `bytes` are unwritten.
    private func untilWritten(below bytes: Int) async {
        guard stream.queuedBytes >= bytes else { return }
        stream.flush()
        while state == .open, stream.queuedBytes >= bytes { await wait() }
    }

    /// Answers for the connection itself, with the identity and the path of the request as far as they are known.
    private func refuse(_ problem: Problem) {
        let identity = loop.requestIDs.identity(for: parser.head?.headers["x-request-id"])
        var response = problem.response(requestID: identity, instance: parser.line?.path ?? "/")
        loop.answers.complete(&response, to: parser.head?.method, parser.head?.headers)
        let framing = HTTPResponseEncoder.Framing(requestID: identity, closes: true)
        _ = stream.send(Frame(loop.encode(response, framing: framing)))
        // Behind a head that was read whole nothing is likely to follow; behind one cut off there is.
        if parser.phase == .body || problem.status == 414 || problem.status == 431 { linger() } else { finish() }
    }

    /// Answers for a handler that is overdue; whatever it does is finished, and its answer dropped.
    private func refuse(_ problem: Problem, _ request: HTTPRequest) {
        var response = problem.response(requestID: request.requestID, instance: request.path)
        loop.answers.complete(&response, to: request.method, request.headers)
        let framing = HTTPResponseEncoder.Framing(
            requestID: request.requestID,
            isHEAD: request.method == .head,
            closes: true
        )
        _ = stream.send(Frame(loop.encode(response, framing: framing)))
        finish()
    }

    private func linger() {
        guard state == .open else { return }
        state = .lingering
        input.removeAll()
        deadline = loop.now + limits.lingerTimeout
        resumeReading()
    }

    private func finish() {
        guard state == .open else { return }
        state = .finishing
        input.removeAll()
        deadline = loop.now + limits.writeTimeout
        stream.closeAfterFlush()
    }

    // MARK: Waiting

    private func wait() async {
        guard state != .closed else { return }
        await news.wait()
    }

    private func resumeReading() {
        guard readingPaused else { return }
        readingPaused = false
        stream.startReading()
    }

    /// A phase's deadline counts from its start, not from the last byte: a byte a second buys no time.
    private func updateDeadline() {
        guard parser.phase != phase || deadline == nil else { return }
        phase = parser.phase
        let timeout =
            switch phase {
            case .idle: limits.idleTimeout
            case .head: limits.headTimeout
            case .body: limits.bodyTimeout
            }
        deadline = loop.now + timeout
    }
}

extension HTTPConnection: TCPStreamDelegate {
    package func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        guard state == .open else { return }
        input.append(bytes)
        if answering, input.count > limits.unreadBytes {
            readingPaused = true
            stream.stopReading()
        }
        if !answering { news.raise() }
    }

    package func stream(_ stream: TCPStream, didCloseWith error: IOError?) {
        state = .closed
        news.raise()
    }

    package func streamDidDrain(_ stream: TCPStream) {
        news.raise()
    }
}

package import IOCore

/// What a server answered.
package struct HTTPClientResponse: Sendable {
    package let status: HTTPStatus
    package let headers: HTTPHeaders
    /// The decoded body.
    package let body: [UInt8]
    /// Whether the connection takes another request.
    package let keepsAlive: Bool
}

/// One keep-alive connection to a server, for tests and load.
///
/// Loop-bound; one request at a time.
@safe
package final class HTTPClient {
    private let stream: TCPStream
    private let loop: EventLoop
    private let host: String
    private let limits: HTTPLimits
    private let decoder = HTTPMessageDecoder(.response)
    private var input = InputBuffer()
    private var isClosed = false
    private var timedOut = false
    /// Raised by whatever the owner's task may wait for; every wait is in a loop that looks again.
    private let news: WakeSignal

    /// Connects to a server given by name or address.
    ///
    /// - Throws: what `TCPStream.connect` throws.
    package static func connect(
        host: String = "127.0.0.1",
        port: Int,
        loop: EventLoop,
        deadline: Duration = .seconds(5),
        limits: HTTPLimits = .forResponses,
        resolver: BlockingPool
    ) async throws(IOError) -> HTTPClient {
        let stream = try await TCPStream.connect(
            host: host,
            port: port,
            loop: loop,
            deadline: deadline,
            limits: .unlimited,
            resolver: resolver
        )
        return HTTPClient(stream: stream, loop: loop, host: "\(host):\(port)", limits: limits)
    }

    init(stream: TCPStream, loop: EventLoop, host: String, limits: HTTPLimits) {
        self.stream = stream
        self.loop = loop
        self.host = host
        self.limits = limits
        news = WakeSignal(loop: loop)
        stream.delegate = self
        stream.startReading()
    }

    /// Sends a request and waits for its response; interim responses (1xx but 101) are skipped.
    ///
    /// `Host`, and `Content-Length` where there is a body, are added. A connection that failed is closed.
    /// - Throws: `closed`, `timeout`, or `system` when the answer is not HTTP.
    package func send(
        _ method: HTTPMethod,
        _ target: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        deadline: Duration = .seconds(10)
    ) async throws(IOError) -> HTTPClientResponse {
        var head = Array("\(method.name) \(target) HTTP/1.1\r\n".utf8)
        var headers = headers
        if !headers.contains("host") { headers.append("Host", host) }
        if !body.isEmpty || method == .post || method == .put || method == .patch {
            headers.set("Content-Length", String(body.count))
        }
        headers.write(to: &head)
        try sendRaw(head + Array("\r\n".utf8) + body)
        return try await receive(isHEAD: method == .head, deadline: deadline)
    }

    /// Sends bytes as they are, for what `send` would never write.
    ///
    /// - Throws: `closed`.
    package func sendRaw(_ bytes: [UInt8]) throws(IOError) {
        guard !isClosed, stream.send(Frame(bytes)) else { throw IOError(.closed, "the connection is closed") }
    }

    /// Waits for the next response.
    ///
    /// - Throws: as `send` does.
    package func receive(
        isHEAD: Bool = false,
        deadline: Duration = .seconds(10)
    ) async throws(IOError)
        -> HTTPClientResponse
    {
        timedOut = false
        let timer = loop.schedule(after: deadline) { [self] in
            timedOut = true
            news.raise()
        }
        defer { timer.cancel() }
        do {
            while true {
                let response = try await receiveOne(isHEAD: isHEAD)
                if response.status.code >= 200 || response.status.code == 101 { return response }
            }
        } catch {
            close()
            throw (error as? IOError) ?? IOError(.system, "not an HTTP response: \(error)")
        }
    }

    /// Waits for the server to close; bytes still arriving are dropped.
    ///
    /// - Throws: `timeout`.
    package func waitForClose(deadline: Duration = .seconds(10)) async throws(IOError) {
        timedOut = false
        let timer = loop.schedule(after: deadline) { [self] in
            timedOut = true
            news.raise()
        }
        defer { timer.cancel() }
        while !isClosed {
            if timedOut { throw IOError(.timeout, "the connection stays open") }
            input.removeAll()
            await wait()
        }
    }

    /// Whether another request can be sent.
    package var isOpen: Bool { !isClosed }

    /// Gives up the stream after a 101, with what the server sent behind it.
    package func release() -> (stream: TCPStream, leftover: [UInt8]) {
        stream.stopReading()
        stream.delegate = nil
        isClosed = true
        return (stream, input.take(input.count))
    }

    /// Closes at once.
    package func close() { stream.close() }

    private func receiveOne(isHEAD: Bool) async throws -> HTTPClientResponse {
        var reader = HTTPHeadReader(limits: limits, refusesTarget: false)
        var length: Int?
        while true {
            length = try input.withUnread { (bytes) throws(Problem) in try reader.read(bytes) }
            if length != nil { break }
            try await more()
        }
        let head = input.take(length ?? 0)
        let status = try Self.status(head[reader.startLine])
        let headers = HTTPHeaders(bytes: head, fields: reader.fields)
        decoder.expectsNoBody = isHEAD || status.code == 101
        decoder.start(bodyLimit: limits.bodyBytes)
        _ = try decoder.decode(head.span)
        while !decoder.isComplete {
            if input.isEmpty {
                if isClosed, decoder.finish() { break }
                try await more()
                continue
            }
            let used = try input.withUnread { (bytes) throws(Problem) in try decoder.decode(bytes) }
            input.consume(used)
        }
        return HTTPClientResponse(
            status: status,
            headers: headers,
            body: decoder.takeBody(),
            keepsAlive: !headers.contains("connection", token: "close") && !isClosed
        )
    }

    private static func status(_ line: ArraySlice<UInt8>) throws(IOError) -> HTTPStatus {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].starts(with: "HTTP/1.".utf8),
            let code = Int(String(decoding: parts[1], as: UTF8.self)), (100...599).contains(code)
        else { throw IOError(.system, "the status line is malformed") }
        return HTTPStatus(code)
    }

    /// Waits for bytes, or for the end where a body may end by it.
    private func more() async throws(IOError) {
        guard !isClosed else { throw IOError(.closed, "the server closed the connection") }
        if timedOut { throw IOError(.timeout, "no response in time") }
        await wait()
        if timedOut { throw IOError(.timeout, "no response in time") }
    }

    private func wait() async {
        guard !isClosed else { return }
        await news.wait()
    }
}

extension HTTPClient: TCPStreamDelegate {
    package func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        input.append(bytes)
        news.raise()
    }

    package func stream(_ stream: TCPStream, didCloseWith error: IOError?) {
        isClosed = true
        news.raise()
    }

    package func streamDidDrain(_ stream: TCPStream) {}
}

extension HTTPLimits {
    /// What a client of trusted servers accepts: bodies of 64 MiB.
    package static let forResponses: HTTPLimits = {
        var limits = HTTPLimits()
        limits.bodyBytes = 64 * 1024 * 1024
        return limits
    }()
}

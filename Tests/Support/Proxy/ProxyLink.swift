internal import Glibc
internal import IOCore

/// One connection through a proxy: the client's socket and the one to the server.
///
/// Loop-bound.
final class ProxyLink {
    private let client: TCPStream
    private let server: TCPStream
    private let proxy: ProxyCore
    private var conversation: PostgresConversation?
    /// What the server said and the client has not been given yet, with the time when it is due.
    private var delayed: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []
    private var timer: LoopTimer?
    /// Something was withheld: what follows would make no sense to the peer.
    private(set) var isTorn = false
    private var isSwallowing = false
    private var isClosed = false

    init(client: TCPStream, server: TCPStream, proxy: ProxyCore) {
        self.client = client
        self.server = server
        self.proxy = proxy
        conversation = proxy.marker.map(PostgresConversation.init(marker:))
        client.delegate = self
        server.delegate = self
        client.startReading()
        server.startReading()
    }

    /// Ends both sides at once.
    func cut() {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        client.close()
        server.close()
        proxy.forget(self)
    }

    private func fromClient(_ bytes: [UInt8]) {
        if let page = proxy.page(for: bytes) {
            _ = client.send(page)
            return client.closeAfterFlush()
        }
        if conversation?.fromClient(bytes) == true, proxy.takesReply() { isSwallowing = true }
        guard proxy.weather != .blackHole else {
            isTorn = true
            return
        }
        _ = server.send(Frame(bytes))
    }

    private func fromServer(_ bytes: [UInt8]) {
        conversation?.fromServer(bytes)
        if isSwallowing {
            guard conversation?.awaitsAnswer == false else { return }
            proxy.didLoseReply()
            return cut()
        }
        switch proxy.weather {
        case .calm where delayed.isEmpty: _ = client.send(Frame(bytes))
        case .calm: delay(bytes, by: .zero)
        case .slow(let delay): self.delay(bytes, by: delay)
        case .blackHole, .refusing: isTorn = true
        }
    }

    private func delay(_ bytes: [UInt8], by delay: Duration) {
        delayed.append((proxy.loop.now + delay, bytes))
        if delayed.count == 1 { waitForNext() }
    }

    private func waitForNext() {
        guard let next = delayed.first else { return }
        timer = proxy.loop.schedule(after: max(.zero, next.due - proxy.loop.now)) { [weak self] in
            guard let self, !isClosed else { return }
            _ = client.send(Frame(delayed.removeFirst().bytes))
            waitForNext()
        }
    }

    /// The end of one side, after what it said before has been passed on.
    private func end(_ stream: TCPStream) {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        for (_, bytes) in delayed { _ = client.send(Frame(bytes)) }
        if stream === client { server.closeAfterFlush() } else { client.closeAfterFlush() }
        proxy.forget(self)
    }
}

extension ProxyLink: TCPStreamDelegate {
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        unsafe bytes.withUnsafeBufferPointer { unsafe copy.append(contentsOf: $0) }
        if stream === client { fromClient(copy) } else { fromServer(copy) }
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) { end(stream) }

    func streamDidDrain(_ stream: TCPStream) {}
}

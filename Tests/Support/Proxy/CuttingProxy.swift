internal import Glibc
package import IOCore

/// A TCP proxy between one client and the nodes, which cuts its connections at any byte.
///
/// Loop-bound; on the loop of the test.
package final class CuttingProxy {
    /// Where and how a connection is to end.
    package struct Cut: Sendable {
        /// The way of the bytes that are counted.
        package enum Direction: Sendable, CaseIterable { case toServer, toClient }

        package var direction: Direction
        /// How many more of them pass.
        package var bytes: Int
        /// How much longer the other end has a connection on which nothing comes any more.
        package var linger: Duration

        package init(_ direction: Direction, after bytes: Int, linger: Duration = .zero) {
            self.direction = direction
            self.bytes = bytes
            self.linger = linger
        }
    }

    /// Where the next connection leads.
    package var upstreamPort = 0
    /// What becomes of the next connection.
    package var nextCut: Cut?
    /// Whether connections are left alone, whatever was said before.
    package var isCalm = false
    let loop: EventLoop
    private var listener: TCPListener?
    private var links: [ObjectIdentifier: CuttingLink] = [:]

    /// Listens on a port that the kernel chooses.
    package init(loop: EventLoop) throws {
        self.loop = loop
        listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { [unowned self] in accept($0) }
    }

    deinit { listener?.close() }

    /// Where the client connects.
    package var port: Int { listener?.localPort ?? 0 }

    /// Cuts the connections there are, each after so many more bytes.
    package func cut(_ cut: Cut) {
        for link in links.values { link.cut(cut) }
    }

    /// Ends it; the client finds nobody at the port.
    package func close() {
        listener?.close()
        listener = nil
        for link in links.values { link.close() }
    }

    func forget(_ link: CuttingLink) { links[ObjectIdentifier(link)] = nil }

    private func accept(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard let upstream = Loopback.connect(to: upstreamPort) else {
            Glibc.close(descriptor)
            return
        }
        guard let client = try? TCPStream(adopting: descriptor, loop: loop, limits: .unlimited) else {
            Glibc.close(upstream)
            return
        }
        guard let server = try? TCPStream(adopting: upstream, loop: loop, limits: .unlimited) else {
            return client.close()
        }
        let link = CuttingLink(client: client, server: server, proxy: self)
        links[ObjectIdentifier(link)] = link
        if let cut = nextCut { link.cut(cut) }
        nextCut = nil
    }
}

/// One connection through the proxy.
///
/// Loop-bound.
final class CuttingLink {
    private let client: TCPStream
    private let server: TCPStream
    private unowned let proxy: CuttingProxy
    private var cut: CuttingProxy.Cut?
    private var isTorn = false
    private var isClosed = false

    init(client: TCPStream, server: TCPStream, proxy: CuttingProxy) {
        self.client = client
        self.server = server
        self.proxy = proxy
        client.delegate = self
        server.delegate = self
        client.startReading()
        server.startReading()
    }

    func cut(_ cut: CuttingProxy.Cut) {
        guard !isTorn else { return }
        self.cut = cut
        if cut.bytes == 0 { tear(cut) }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        client.close()
        server.close()
        proxy.forget(self)
    }

    private func pass(_ bytes: [UInt8], _ direction: CuttingProxy.Cut.Direction) {
        guard !isTorn else { return }
        let receiver = direction == .toServer ? server : client
        guard let cut, cut.direction == direction, !proxy.isCalm else {
            _ = receiver.send(Frame(bytes))
            return
        }
        _ = receiver.send(Frame(Array(bytes.prefix(cut.bytes))))
        self.cut?.bytes -= bytes.count
        if bytes.count >= cut.bytes { tear(cut) }
    }

    /// One end sees the connection end at once; the other after a while.
    private func tear(_ cut: CuttingProxy.Cut) {
        isTorn = true
        server.flush()
        client.flush()
        guard cut.linger > .zero else { return close() }
        // As where a network is gone: the client knows, the server does not.
        client.close()
        proxy.loop.schedule(after: cut.linger) { [weak self] in self?.close() }
    }

    /// The end of one side, after what it said before has been passed on.
    private func end(_ stream: TCPStream) {
        guard !isClosed, !isTorn else { return }
        isClosed = true
        if stream === client { server.closeAfterFlush() } else { client.closeAfterFlush() }
        proxy.forget(self)
    }
}

extension CuttingLink: TCPStreamDelegate {
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        unsafe bytes.withUnsafeBufferPointer { unsafe copy.append(contentsOf: $0) }
        pass(copy, stream === client ? .toServer : .toClient)
    }

    func stream(_ stream: TCPStream, didCloseWith error: IOError?) { end(stream) }

    func streamDidDrain(_ stream: TCPStream) {}
}

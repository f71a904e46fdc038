internal import CUV
internal import Glibc

/// A listening socket.
///
/// Loop-bound; one on each loop, all bound to the same port (SO_REUSEPORT), so that the kernel spreads connections
/// over the loops. The first claims the port and the others join it: were all to join, a second server on the port would
/// start without a word and take a part of the first one's connections.
package final class TCPListener {
    /// The port it listens on: the one the kernel chose where 0 was asked for.
    package let localPort: Int

    private let loop: EventLoop
    private var descriptor: Int32
    private var watcher: DescriptorWatcher?
    private var pause: LoopTimer?
    private let onAccept: (Int32) -> Void

    /// Accepted in one go, before the loop turns to other work.
    private static let acceptsPerTick = 64
    private static let backlog: Int32 = 4096

    /// Listens at once; `onAccept` gets each connected socket and owns it.
    ///
    /// With `joining` the port is one that a listener of this process has claimed.
    ///
    /// - Throws: `addressInUse`, `nameResolution` (the host must be digits) or `system`.
    package init(
        host: String,
        port: Int,
        joining: Bool = false,
        loop: EventLoop,
        onAccept: @escaping (Int32) -> Void
    ) throws(IOError) {
        loop.assertCurrent()
        guard let address = SocketAddress(numericHost: host, port: port) else {
            throw IOError(.nameResolution, "\(host) is not an IP address to listen on")
        }
        self.loop = loop
        self.onAccept = onAccept
        let socket = try Socket.open(family: address.family)
        descriptor = socket
        Socket.setOption(socket, SOL_SOCKET, SO_REUSEADDR, 1)
        // Set only once it is bound, the option lets others join but not this one, so that the port must be free.
        if joining { Socket.setOption(socket, SOL_SOCKET, SO_REUSEPORT, 1) }
        let isBound = unsafe address.withPointer { unsafe bind(socket, $0, $1) } == 0
        if isBound, !joining { Socket.setOption(socket, SOL_SOCKET, SO_REUSEPORT, 1) }
        guard isBound, listen(socket, Self.backlog) == 0 else {
            let number = errno
            Glibc.close(socket)
            descriptor = -1
            localPort = 0
            throw .system("listening on \(host):\(port)", number)
        }
        localPort = SocketAddress.local(of: socket)?.port ?? port
        watcher = try DescriptorWatcher(descriptor: socket, loop: loop) { [unowned self] _ in accept() }
        watcher?.watch(.readable)
    }

    deinit { close() }

    /// Stops listening; connections not yet accepted are refused by the kernel.
    package func close() {
        guard descriptor >= 0 else { return }
        pause?.cancel()
        watcher?.close()
        watcher = nil
        Glibc.close(descriptor)
        descriptor = -1
    }

    private func accept() {
        for _ in 0..<Self.acceptsPerTick {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 {
                onAccept(accepted)
            } else if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM {
                return rest()
            } else if errno != EINTR && errno != ECONNABORTED {
                return
            }
        }
    }

    /// Out of descriptors: polling on would spin, so the backlog holds the callers for a moment.
    private func rest() {
        watcher?.watch([])
        pause = loop.schedule(after: .milliseconds(100)) { [weak self] in self?.watcher?.watch(.readable) }
    }
}

internal import CUV
internal import Glibc

extension TCPStream {
    /// Connects to a host given by name or digits.
    ///
    /// A name is resolved on `resolver`, because that blocks.
    ///
    /// Cancellation does not interrupt it; the deadline, which covers resolving too, does.
    /// - Throws: `nameResolution`, `refused`, `unreachable`, `timeout`, or what the pool refuses with.
    package static func connect(
        host: String,
        port: Int,
        loop: EventLoop,
        deadline: Duration,
        limits: OutboundLimits = .init(),
        resolver: BlockingPool
    ) async throws(IOError) -> TCPStream {
        let end = loop.now + deadline
        let address = try await resolve(host: host, port: port, resolver: resolver)
        let descriptor = try Socket.open(family: address.family)
        do throws(IOError) {
            try await finishConnecting(descriptor, to: address, loop: loop, within: end - loop.now)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        return try TCPStream(adopting: descriptor, loop: loop, limits: limits)
    }

    private static func resolve(host: String, port: Int, resolver: BlockingPool) async throws(IOError) -> SocketAddress
    {
        if let numeric = SocketAddress(numericHost: host, port: port) { return numeric }
        do {
            return try await resolver.run { try SocketAddress.resolving(host: host, port: port) }
        } catch let error as IOError {
            throw error
        } catch {
            throw IOError(.nameResolution, "\(host): \(error)")
        }
    }

    private static func finishConnecting(
        _ descriptor: Int32,
        to address: SocketAddress,
        loop: EventLoop,
        within limit: Duration
    ) async throws(IOError) {
        let result = unsafe address.withPointer { unsafe Glibc.connect(descriptor, $0, $1) }
        if result == 0 { return }
        guard errno == EINPROGRESS else { throw .system("connect", errno) }
        guard limit > .zero else { throw IOError(.timeout, "connecting took too long") }
        var watcher: DescriptorWatcher?
        var timer: LoopTimer?
        let failure: IOError? = await unsafe withUnsafeContinuation { continuation in
            var waiting = true
            let finish = { (error: IOError?) in
                guard waiting else { return }
                waiting = false
                timer?.cancel()
                watcher?.close()
                unsafe continuation.resume(returning: error)
            }
            do throws(IOError) {
                watcher = try DescriptorWatcher(descriptor: descriptor, loop: loop) { _ in
                    let number = Socket.pendingError(descriptor)
                    finish(number == 0 ? nil : .system("connect", number))
                }
                timer = loop.schedule(after: limit) { finish(IOError(.timeout, "connecting took too long")) }
                watcher?.watch(.writable)
            } catch {
                finish(error)
            }
        }
        watcher = nil
        timer = nil
        if let failure { throw failure }
    }
}

internal import CUV
internal import Glibc

/// What a stream tells its owner.
///
/// All calls come on the stream's loop, never from within a call into the stream but for `close()`.
package protocol TCPStreamDelegate: AnyObject {
    /// Bytes have arrived; they are valid during the call only.
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>)
    /// The stream is closed, for good; nil after the peer's orderly end or an own close.
    ///
    /// Comes exactly once.
    func stream(_ stream: TCPStream, didCloseWith error: IOError?)
    /// All that was queued is written, after some of it had to wait.
    func streamDidDrain(_ stream: TCPStream)
}

/// A non-blocking TCP connection.
///
/// Loop-bound.
///
/// Frames are queued by reference and written once per tick of the loop, as many as fit into one system call. The queue
/// is bounded; the stream never drops anything by itself. Reads go through a buffer of the loop, so that an idle stream
/// holds none.
package final class TCPStream {
    /// Who is told; not owned.
    package weak var delegate: (any TCPStreamDelegate)?
    /// The peer's address as digits.
    package let peerAddress: String

    private let loop: EventLoop
    private var descriptor: Int32
    private var watcher: DescriptorWatcher?
    private var queue = OutboundQueue()
    private let limits: OutboundLimits
    private var reading = false
    private var flushScheduled = false
    private var blocked = false
    private var closing = false
    private var sendingEnds = false

    /// Above this size a frame is written from where it lies instead of being gathered with others.
    private static let loneFrameBytes = 16 * 1024

    /// Takes over a connected socket, sets it non-blocking and without Nagle's delay.
    ///
    /// - Throws: `system` when the socket cannot be polled; it is closed then.
    package init(adopting descriptor: Int32, loop: EventLoop, limits: OutboundLimits = .init()) throws(IOError) {
        loop.assertCurrent()
        self.loop = loop
        self.limits = limits
        self.descriptor = descriptor
        peerAddress = SocketAddress.peer(of: descriptor)?.host ?? "unknown"
        Socket.setNoDelay(descriptor)
        // Where one of these throws, deinit closes the socket.
        try Socket.prepare(descriptor)
        watcher = try DescriptorWatcher(descriptor: descriptor, loop: loop) { [unowned self] in ready($0) }
    }

    deinit { tearDown() }

    /// Whether the stream is closed or will be once its queue is written.
    package var isClosing: Bool { closing || descriptor < 0 }
    /// Bytes waiting to be written.
    package var queuedBytes: Int { queue.queuedBytes }
    /// Frames waiting to be written.
    package var queuedFrames: Int { queue.queuedFrames }
    /// Whether no more than half of what may be queued is, once the kernel has taken what it takes.
    package var isHalfEmpty: Bool {
        if !isBelowHalf { flush() }
        return isBelowHalf
    }
    private var isBelowHalf: Bool {
        queue.queuedBytes <= limits.bytes / 2 && queue.queuedFrames <= limits.frames / 2
    }

    /// Lets arriving bytes through to the delegate.
    package func startReading() {
        reading = true
        updateInterest()
    }

    /// Leaves arriving bytes in the kernel, whose window then slows the peer.
    package func stopReading() {
        reading = false
        updateInterest()
    }

    /// Queues a frame to be written at the end of this tick.
    ///
    /// Returns false, with nothing queued, when a limit would be passed or the stream is closing. Order is kept.
    package func send(_ frame: Frame) -> Bool {
        guard !isClosing, !sendingEnds else { return false }
        if !queue.append(frame, limits: limits) {
            // Much in one tick is no slow reader: only what the kernel does not take counts against the limits.
            guard !blocked else { return false }
            flush()
            guard !isClosing, queue.append(frame, limits: limits) else { return false }
        }
        if !flushScheduled && !blocked {
            flushScheduled = true
            loop.flushAtEndOfTick(self)
        }
        return true
    }

    /// The flush that `send` has scheduled.
    func tickDidEnd() {
        flushScheduled = false
        flush()
    }

    /// Writes what the kernel takes at once, without waiting for the end of the tick; nothing while it has just taken no more.
    package func flush() {
        if !blocked { writeQueued() }
    }

    private func writeQueued() {
        while descriptor >= 0, !queue.isEmpty {
            let written = writeOnce()
            if written > 0 {
                queue.consume(written)
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                blocked = true
                updateInterest()
                return
            } else {
                return close(.system("send", errno))
            }
        }
        if closing { return close() }
        if sendingEnds { endSending() }
        guard blocked else { return }
        blocked = false
        updateInterest()
        delegate?.streamDidDrain(self)
    }

    /// Closes once the queue is written; what arrives meanwhile is not read.
    ///
    /// The owner keeps a deadline.
    package func closeAfterFlush() {
        guard !isClosing else { return }
        closing = true
        stopReading()
        if queue.isEmpty { close() }
    }

    /// Ends the sending side once the queue is written; what arrives meanwhile and after is still read.
    ///
    /// For an owner that has said its last word and does not care for what the peer is still sending: closing on unread
    /// input would reset the connection, and the peer might never see that word. The owner keeps a deadline.
    package func finishSending() {
        guard !isClosing, !sendingEnds else { return }
        sendingEnds = true
        if queue.isEmpty { endSending() }
    }

    /// Closes at once, dropping what is queued.
    ///
    /// Does nothing the second time.
    package func close() { close(nil) }

    private func close(_ error: IOError?) {
        guard descriptor >= 0 else { return }
        tearDown()
        let told = delegate
        delegate = nil
        told?.stream(self, didCloseWith: error)
    }

    private func endSending() {
        guard descriptor >= 0, queue.isEmpty else { return }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func tearDown() {
        guard descriptor >= 0 else { return }
        watcher?.close()
        watcher = nil
        Glibc.close(descriptor)
        descriptor = -1
        queue.removeAll()
    }

    private func updateInterest() {
        var interest: Readiness = []
        if reading { interest.insert(.readable) }
        if blocked { interest.insert(.writable) }
        watcher?.watch(interest)
    }

    private func ready(_ readiness: Readiness) {
        // The owner may let go of the stream inside a call of its delegate.
        withExtendedLifetime(self) {
            if readiness.contains(.writable) { writeQueued() }
            if readiness.contains(.readable), reading { readOnce() }
        }
    }

    private func readOnce() {
        let buffer = unsafe loop.readBuffer
        let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 {
            let bytes = unsafe UnsafeRawBufferPointer(start: buffer.baseAddress, count: count)
            unsafe bytes.withMemoryRebound(to: UInt8.self) { unsafe delegate?.stream(self, didRead: $0.span) }
        } else if count == 0 {
            close()
        } else if errno != EAGAIN, errno != EINTR {
            close(.system("recv", errno))
        }
    }

    private func writeOnce() -> Int {
        let flags = Int32(MSG_NOSIGNAL)
        loop.writeCount += 1
        if let (frame, offset) = queue.loneFrame(orLargerThan: Self.loneFrameBytes) {
            return unsafe frame.bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
                return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, flags)
            }
        }
        let count = unsafe queue.gather(into: loop.writeBuffer)
        return unsafe Glibc.send(descriptor, loop.writeBuffer.baseAddress, count, flags)
    }
}

internal import IOCore

/// The end of a connection, from either side.
extension WebSocketConnection {
    /// How long a peer that broke the protocol may take to hang up, once it was told why and that no more will come.
    private static let lingerTimeout = Duration.milliseconds(500)

    /// Starts the closing handshake; the TCP connection closes when the peer answers, or after the close timeout.
    ///
    /// `nextMessage` returns nil at once and what it had not yet taken is dropped. When the queue is full the Close
    /// follows it. Does nothing on a connection that is already closing.
    package func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        guard state == .open else { return }
        end(with: WebSocketCloseStatus(code, reason), as: .closing)
        inbox = []
        sendClose(closeStatus ?? .init(code))
        closeStream(within: closeTimeout)
        // Only what is read can bring the peer's answer.
        if isReadingPaused { readOn() }
    }

    /// Closes the TCP connection now, with no handshake.
    ///
    /// Does nothing the second time.
    package func abort() { stream.close() }

    func peerClosed(_ status: WebSocketCloseStatus) {
        if state == .open {
            end(with: status, as: .ending)
            sendClose(status)
        }
        state = .ending
        if deadline == nil { closeStream(within: closeTimeout) }
        // The server closes first, so that the one to wait in TIME_WAIT is not a client that may come back (§7.1.1).
        if role == .server { stream.closeAfterFlush() }
    }

    func fail(_ status: WebSocketCloseStatus) {
        unread = []
        guard state == .open else { return stream.close() }
        end(with: status, as: .ending)
        sendClose(status)
        if owed == nil { stream.finishSending() }
        closeStream(within: Self.lingerTimeout)
    }

    private func sendClose(_ status: WebSocketCloseStatus) {
        let frame = encode(.close, WebSocketFrameEncoder.closePayload(status))
        guard stream.send(frame) else { return owe(frame) }
        // A Pong after the Close would be one frame too many.
        owed = nil
    }

    private func closeStream(within timeout: Duration) {
        deadline?.cancel()
        // Keeps the connection alive until the stream is closed.
        deadline = loop.schedule(after: timeout) { [self] in stream.close() }
    }

    func end(with status: WebSocketCloseStatus?, as next: State = .closed) {
        if closeStatus == nil { closeStatus = status ?? .init(.abnormal) }
        state = next
        if let waiting = unsafe waiter {
            unsafe waiter = nil
            unsafe waiting.resume(returning: nil)
        }
        guard next == .closed else { return }
        deadline?.cancel()
        deadline = nil
        owed = nil
        unread = []
        wakeDrainObservers()
        if let waiting = unsafe closeObserver {
            unsafe closeObserver = nil
            unsafe waiting.resume()
        }
        if inbox.isEmpty { endReceiver() }
    }
}

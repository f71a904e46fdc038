internal import IOCore

/// Taking messages, and handing them to whoever consumes them.
extension WebSocketConnection {
    /// Messages waiting for the consumer before the stream is left unread.
    private static let inboxMessages = 16

    /// The next message in order; nil once the connection is closing, after what arrived before the peer's Close.
    ///
    /// One caller at a time. Cancellation does not end the wait; `close` does, at once.
    package func nextMessage() async -> WebSocketMessage? {
        unsafe await withUnsafeContinuation { continuation in
            // Looked at in here: other jobs of the loop may run before the continuation exists.
            if !inbox.isEmpty { return unsafe continuation.resume(returning: takeFromInbox()) }
            guard state == .open else { return unsafe continuation.resume(returning: nil) }
            precondition(unsafe waiter == nil && receiver == nil, "a WebSocket has one consumer")
            unsafe waiter = continuation
        }
    }

    /// Has `receiver` called with every message from now on, and with those waiting, instead of `nextMessage()`.
    ///
    /// Also to be called when a receiver that refused to be called is ready again. Not from within its calls.
    package func receive(with receiver: any WebSocketReceiver) {
        precondition(unsafe waiter == nil, "a WebSocket has one consumer")
        guard !receiverKnowsEnd else { return }
        self.receiver = receiver
        isReceiverBusy = false
        while !inbox.isEmpty, !isReceiverBusy {
            isReceiverBusy = !receiver.webSocket(self, didReceive: takeFromInbox())
        }
        if state == .closed, inbox.isEmpty { endReceiver() }
    }

    func endReceiver() {
        guard let told = receiver else { return }
        receiver = nil
        receiverKnowsEnd = true
        told.webSocketDidClose(self)
    }

    /// Returns once the TCP connection is closed.
    ///
    /// One caller at a time; `close` bounds the wait.
    package func waitUntilClosed() async {
        unsafe await withUnsafeContinuation { continuation in
            guard state != .closed else { return unsafe continuation.resume() }
            precondition(unsafe closeObserver == nil, "somebody already waits for the WebSocket to close")
            unsafe closeObserver = continuation
        }
    }

    private func deliver(_ message: WebSocketMessage) {
        guard state == .open else { return }
        if let waiting = unsafe waiter {
            unsafe waiter = nil
            unsafe waiting.resume(returning: message)
        } else if let receiver, !isReceiverBusy {
            isReceiverBusy = !receiver.webSocket(self, didReceive: message)
        } else {
            inbox.append(message)
        }
    }

    private func takeFromInbox() -> WebSocketMessage {
        let message = inbox.removeFirst()
        if inbox.isEmpty {
            inbox = []
            // Not at once: a consumer that never waits would keep the loop from all others, and from sending.
            if isReadingPaused { loop.atEndOfTick { [weak self] in self?.readOn() } }
        }
        return message
    }

    /// Looks at what was left unread, then lets the stream go on unless that filled the inbox again.
    func readOn() {
        isReadingPaused = false
        let bytes = unread
        let start = unreadStart
        (unread, unreadStart) = ([], 0)
        let end = receive(bytes.span, from: start)
        if isReadingPaused {
            (unread, unreadStart) = (bytes, end)
        } else if !stream.isClosing {
            stream.startReading()
        }
    }

    /// Takes what can be taken and returns where it stopped: at the end, unless reading is paused now.
    func receive(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        do throws(WebSocketProtocolError) {
            while state == .open || state == .closing {
                guard inbox.count < Self.inboxMessages else {
                    isReadingPaused = true
                    stream.stopReading()
                    return position
                }
                guard let event = try assembler.next(in: bytes, from: &position) else { return position }
                handle(event)
            }
        } catch {
            fail(WebSocketCloseStatus(error.code, error.message))
        }
        return bytes.count
    }

    private func handle(_ event: WebSocketMessageAssembler.Event) {
        switch event {
        case .message(let message): deliver(message)
        case .ping(let payload): answerPing(payload)
        case .pong: break
        case .close(let status): peerClosed(status)
        }
    }
}

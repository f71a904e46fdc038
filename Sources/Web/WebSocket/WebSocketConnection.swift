package import IOCore

/// One end of an open WebSocket, on a TCP stream that has been upgraded.
///
/// Loop-bound.
///
/// Messages come in one of two ways. A `receiver` is called with each, on the spot: the least memory and latency, as no
/// task has to exist for an idle socket (a suspended one costs about three times what the connection does). Without a
/// receiver a task pulls them with `nextMessage()`, which reads better where memory does not count: clients, tests.
/// Either way a consumer that falls behind has a small inbox, and when that is full the stream is not read.
///
/// Pings are answered, Close is answered, breaches of the protocol close the connection, all without the consumer.
/// An idle connection holds no buffer. It lives as long as its owner, or its closing handshake, keeps it.
@safe
package final class WebSocketConnection {
    /// The subprotocol agreed on, if any.
    package let subprotocol: String?
    /// When bytes last arrived: what tells a dead peer from a silent one, except while `isReadingPaused`.
    package private(set) var lastReceived: ContinuousClock.Instant
    /// Why the connection ends: set by the first Close sent or received, or `abnormal` when the stream just ended.
    package private(set) var closeStatus: WebSocketCloseStatus?

    private enum State {
        case open
        /// Our Close is sent, or owed; messages are dropped until the peer's comes.
        case closing
        /// Nothing more is read as frames; the stream is about to close.
        case ending
        case closed
    }

    private let loop: EventLoop
    private let stream: TCPStream
    private let role: WebSocketRole
    private let closeTimeout: Duration
    private let compression: WebSocketCompression?
    private var state = State.open
    private var assembler: WebSocketMessageAssembler
    private var inbox: [WebSocketMessage] = []
    private var waiter: UnsafeContinuation<WebSocketMessage?, Never>?
    private var closeObserver: UnsafeContinuation<Void, Never>?
    private var drainObservers: [CheckedContinuation<Void, Never>] = []
    /// Bytes read but not yet looked at, because the inbox was full: at most one read.
    private var unread: [UInt8] = []
    private var unreadStart = 0
    /// Who is called with messages; held strongly until the connection is closed.
    private var receiver: (any WebSocketReceiver)?
    private var isReceiverBusy = false
    private var receiverKnowsEnd = false
    private var deadline: LoopTimer?
    /// A control frame that found no room in the queue: the latest Pong, or our Close.
    private var owed: Frame?
    private var queuedPongs = 0
    /// Whether the stream is left unread until the consumer has taken what is in the inbox.
    package private(set) var isReadingPaused = false

    /// Messages waiting for the consumer before the stream is left unread.
    private static let inboxMessages = 16
    /// Pongs queued before only the latest is kept: a peer that pings without reading cannot fill the queue.
    private static let maximumPongs = 16
    /// What may be queued before it counts as a backlog.
    private static let backlogBytes = 64 * 1024
    /// How long a peer that broke the protocol may take to hang up, once it was told why and that no more will come.
    private static let lingerTimeout = Duration.milliseconds(500)

    /// Takes over an upgraded stream; `leftover` is what arrived behind the handshake.
    ///
    /// Begins to read.
    ///
    /// `closeTimeout` bounds the closing handshake in both directions, and writing out what is queued before it.
    package init(
        upgraded stream: TCPStream,
        loop: EventLoop,
        role: WebSocketRole,
        leftover: [UInt8] = [],
        subprotocol: String? = nil,
        limits: WebSocketLimits = .init(),
        closeTimeout: Duration = .seconds(5),
        compression: WebSocketCompression? = nil
    ) {
        self.loop = loop
        self.stream = stream
        self.role = role
        self.subprotocol = subprotocol
        self.closeTimeout = closeTimeout
        self.compression = compression
        assembler = WebSocketMessageAssembler(role: role, limits: limits, compression: compression)
        lastReceived = loop.now
        unread = leftover
        stream.delegate = self
        readOn()
        if stream.isClosing, state == .open { end(with: nil) }
    }

    /// The peer's address as digits.
    package var peerAddress: String { stream.peerAddress }
    /// Bytes waiting to be written.
    package var queuedBytes: Int { stream.queuedBytes }
    /// Frames waiting to be written.
    package var queuedFrames: Int { stream.queuedFrames }
    /// Whether permessage-deflate was agreed on.
    package var isCompressed: Bool { compression != nil }
    /// Whether messages can still be sent.
    package var isOpen: Bool { state == .open }
}

// MARK: Receiving

extension WebSocketConnection {
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

    private func endReceiver() {
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
    private func readOn() {
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
    private func receive(_ bytes: Span<UInt8>, from start: Int) -> Int {
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

// MARK: Sending

extension WebSocketConnection {
    /// Queues a frame that is shared with other sockets, compressed where this one agreed on that.
    ///
    /// Servers only: a client's are masked.
    ///
    /// Order is kept; the frames of a tick leave together. False, with nothing queued, when the stream's limits would
    /// be passed or the connection is closing; the owner of a slow consumer then closes it.
    package func send(_ frame: SharedFrame) -> Bool {
        precondition(role == .server, "a client masks every frame with a key of its own")
        return state == .open && stream.send(frame.form(for: compression))
    }

    /// Queues a text message, which must be UTF-8.
    ///
    /// False as for `send`.
    package func sendText(_ text: [UInt8]) -> Bool { sendMessage(.text, text) }

    /// Queues a binary message.
    ///
    /// False as for `send`.
    package func sendBinary(_ bytes: [UInt8]) -> Bool { sendMessage(.binary, bytes) }

    /// Queues a Ping of at most 125 bytes; its Pong shows in `lastReceived`.
    ///
    /// False as for `send`.
    package func sendPing(_ payload: [UInt8] = []) -> Bool {
        state == .open && stream.send(encode(.ping, payload))
    }

    /// Queues one fragment of a message, uncompressed, which the caller begins and ends properly; control frames are
    /// the connection's own.
    ///
    /// False as for `send`.
    package func sendFragment(_ opcode: WebSocketOpcode, _ payload: [UInt8], isFinal: Bool) -> Bool {
        precondition(!opcode.isControl, "fragments belong to messages")
        return state == .open && stream.send(encode(opcode, payload, isFinal: isFinal))
    }

    /// Whether much waits that the kernel does not take: whoever has more than news to send waits with it.
    package var isBacklogged: Bool {
        guard stream.queuedBytes > Self.backlogBytes else { return false }
        stream.flush()
        return stream.queuedBytes > Self.backlogBytes
    }

    /// Whether no more than half of what may wait does: whoever has something that may be lost sends it only then.
    package var isHalfEmpty: Bool { stream.isHalfEmpty }

    /// Returns once there is no backlog, or the connection is closed.
    package func waitUntilDrained() async {
        guard isBacklogged else { return }
        await withCheckedContinuation { continuation in
            guard state != .closed, isBacklogged else { return continuation.resume() }
            drainObservers.append(continuation)
        }
    }

    private func wakeDrainObservers() {
        let waiting = drainObservers
        drainObservers = []
        for observer in waiting { observer.resume() }
    }

    private func sendMessage(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> Bool {
        guard state == .open else { return false }
        guard let compressed = compression?.compress(payload.span) else { return stream.send(encode(opcode, payload)) }
        return stream.send(encode(opcode, compressed, isCompressed: true))
    }

    private func encode(
        _ opcode: WebSocketOpcode,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isCompressed: Bool = false
    ) -> Frame {
        let key = role == .client ? UInt32.random(in: .min ... .max) : nil
        return Frame(
            WebSocketFrameEncoder.encode(
                opcode,
                payload,
                isFinal: isFinal,
                isCompressed: isCompressed,
                maskingKey: key
            )
        )
    }

    private func answerPing(_ payload: [UInt8]) {
        guard state == .open else { return }
        if stream.queuedBytes == 0 { queuedPongs = 0 }
        let pong = encode(.pong, payload)
        if queuedPongs < Self.maximumPongs, stream.send(pong) {
            queuedPongs += 1
        } else {
            owe(pong)
        }
    }

    /// Keeps a control frame until the queue is empty: at the end of this tick, or when the kernel takes more.
    private func owe(_ frame: Frame) {
        let isScheduled = owed != nil
        owed = frame
        guard !isScheduled else { return }
        loop.atEndOfTick { [weak self] in
            guard let self, stream.queuedBytes == 0 else { return }
            sendOwed()
        }
    }

    private func sendOwed() {
        queuedPongs = 0
        guard let frame = owed else { return }
        owed = nil
        _ = stream.send(frame)
        if state == .ending { stream.finishSending() }
    }
}

// MARK: Closing

extension WebSocketConnection {
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

    private func peerClosed(_ status: WebSocketCloseStatus) {
        if state == .open {
            end(with: status, as: .ending)
            sendClose(status)
        }
        state = .ending
        if deadline == nil { closeStream(within: closeTimeout) }
        // The server closes first, so that the one to wait in TIME_WAIT is not a client that may come back (§7.1.1).
        if role == .server { stream.closeAfterFlush() }
    }

    private func fail(_ status: WebSocketCloseStatus) {
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

    private func end(with status: WebSocketCloseStatus?, as next: State = .closed) {
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

extension WebSocketConnection: TCPStreamDelegate {
    package func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
        lastReceived = loop.now
        let end = receive(bytes, from: 0)
        guard isReadingPaused else { return }
        unsafe bytes.extracting(end...).withUnsafeBufferPointer { unsafe unread = Array($0) }
    }

    package func stream(_ stream: TCPStream, didCloseWith error: IOError?) { end(with: nil) }

    package func streamDidDrain(_ stream: TCPStream) {
        sendOwed()
        wakeDrainObservers()
    }
}

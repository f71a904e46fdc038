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
    package internal(set) var lastReceived: ContinuousClock.Instant
    /// Why the connection ends: set by the first Close sent or received, or `abnormal` when the stream just ended.
    package internal(set) var closeStatus: WebSocketCloseStatus?

    enum State {
        case open
        /// Our Close is sent, or owed; messages are dropped until the peer's comes.
        case closing
        /// Nothing more is read as frames; the stream is about to close.
        case ending
        case closed
    }

    let loop: EventLoop
    let stream: TCPStream
    let role: WebSocketRole
    let closeTimeout: Duration
    let compression: WebSocketCompression?
    var state = State.open
    var assembler: WebSocketMessageAssembler
    var inbox: [WebSocketMessage] = []
    var waiter: UnsafeContinuation<WebSocketMessage?, Never>?
    var closeObserver: UnsafeContinuation<Void, Never>?
    var drainObservers: [CheckedContinuation<Void, Never>] = []
    /// Bytes read but not yet looked at, because the inbox was full: at most one read.
    var unread: [UInt8] = []
    var unreadStart = 0
    /// Who is called with messages; held strongly until the connection is closed.
    var receiver: (any WebSocketReceiver)?
    var isReceiverBusy = false
    var receiverKnowsEnd = false
    var deadline: LoopTimer?
    /// A control frame that found no room in the queue: the latest Pong, or our Close.
    var owed: Frame?
    var queuedPongs = 0
    /// Whether the stream is left unread until the consumer has taken what is in the inbox.
    package internal(set) var isReadingPaused = false

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

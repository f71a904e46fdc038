internal import IOCore

/// Queueing messages and control frames.
extension WebSocketConnection {
    /// Pongs queued before only the latest is kept: a peer that pings without reading cannot fill the queue.
    private static let maximumPongs = 16
    /// What may be queued before it counts as a backlog.
    private static let backlogBytes = 64 * 1024

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

    func wakeDrainObservers() {
        let waiting = drainObservers
        drainObservers = []
        for observer in waiting { observer.resume() }
    }

    private func sendMessage(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> Bool {
        guard state == .open else { return false }
        guard let compressed = compression?.compress(payload.span) else { return stream.send(encode(opcode, payload)) }
        return stream.send(encode(opcode, compressed, isCompressed: true))
    }

    func encode(
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

    func answerPing(_ payload: [UInt8]) {
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
    func owe(_ frame: Frame) {
        let isScheduled = owed != nil
        owed = frame
        guard !isScheduled else { return }
        loop.atEndOfTick { [weak self] in
            guard let self, stream.queuedBytes == 0 else { return }
            sendOwed()
        }
    }

    func sendOwed() {
        queuedPongs = 0
        guard let frame = owed else { return }
        owed = nil
        _ = stream.send(frame)
        if state == .ending { stream.finishSending() }
    }
}

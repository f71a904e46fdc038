/// Makes messages of a byte stream: frames joined, control frames between them, text checked (RFC 6455 §5.4–5.6, §8.1).
///
/// A value without I/O. Between messages it holds no memory of its own; within one, about as much as has arrived of
/// it, never what a header merely promises. Text is checked byte by byte as it arrives, across fragments, so that a
/// message is refused at its first bad byte. After an error or a Close it must not be given more.
package struct WebSocketMessageAssembler {
    /// What the bytes contain next.
    package enum Event: Equatable, Sendable {
        case message(WebSocketMessage)
        case ping([UInt8])
        case pong([UInt8])
        /// The peer closes; `noStatus` when it gave no code.
        case close(WebSocketCloseStatus)
    }

    private var decoder: WebSocketFrameDecoder
    private let maximumBytes: Int
    private let contexts: DeflateContexts?
    /// Undoes the current message, where it is compressed.
    private var inflater: Inflater?
    private var message: [UInt8] = []
    /// Payload of a control frame; apart, as it may come in the middle of a message.
    private var control: [UInt8] = []
    private var text = UTF8Validator()
    /// The opcode that began the current message; nil between messages.
    private var kind: WebSocketOpcode?
    private var frame = WebSocketFrameHeader(isFinal: true, isCompressed: false, opcode: .text, payloadBytes: 0)

    /// An assembler for what arrives at this end, with compression where that was agreed on.
    package init(
        role: WebSocketRole,
        limits: WebSocketLimits = .init(),
        compression: WebSocketCompression? = nil
    ) {
        let frameBytes = min(limits.frameBytes, limits.messageBytes)
        decoder = WebSocketFrameDecoder(role: role, maximumBytes: frameBytes, allowsCompression: compression != nil)
        maximumBytes = limits.messageBytes
        contexts = compression?.contexts
    }

    /// Reads on from `position`, which it advances, to the next event; nil when more bytes are needed.
    ///
    /// - Throws: 1002, 1007 or 1009 at the first byte that shows the breach.
    package mutating func next(
        in bytes: Span<UInt8>,
        from position: inout Int
    ) throws(WebSocketProtocolError) -> Event? {
        while let part = try decoder.next(in: bytes, from: &position) {
            switch part {
            case .began(let header): try begin(header)
            case .payload(let range, let mask): try append(bytes.extracting(range), mask)
            case .ended: if let event = try endFrame() { return event }
            }
        }
        return nil
    }

    private mutating func begin(_ header: WebSocketFrameHeader) throws(WebSocketProtocolError) {
        frame = header
        if header.opcode.isControl { return }
        if header.opcode == .continuation {
            guard kind != nil else { throw .violation("continuation of nothing") }
        } else {
            guard kind == nil else { throw .violation("new message within a message") }
            kind = header.opcode
            if header.isCompressed { inflater = contexts?.takeInflater() }
            text = UTF8Validator()
        }
        // What compressed bytes become is measured when they do.
        let before = inflater == nil ? message.count : 0
        guard header.payloadBytes <= maximumBytes - before else { throw .tooBig(limit: maximumBytes) }
    }

    private mutating func append(_ bytes: Span<UInt8>, _ mask: WebSocketMask) throws(WebSocketProtocolError) {
        if frame.opcode.isControl {
            Self.append(bytes, mask, to: &control)
            return
        }
        let start = message.count
        if let inflater {
            var unmasked: [UInt8] = []
            Self.append(bytes, mask, to: &unmasked)
            try inflater.decompress(unmasked.span, into: &message, maximumBytes: maximumBytes)
        } else {
            Self.append(bytes, mask, to: &message)
        }
        try checkText(from: start)
    }

    private mutating func endFrame() throws(WebSocketProtocolError) -> Event? {
        if frame.opcode.isControl { return try endControl() }
        guard frame.isFinal else { return nil }
        if let inflater {
            let start = message.count
            try inflater.finish(into: &message, maximumBytes: maximumBytes)
            try checkText(from: start)
            contexts?.giveBack(inflater)
            self.inflater = nil
        }
        let isText = kind == .text
        guard !isText || text.isComplete else { throw .invalidText }
        let whole = message
        message = []
        kind = nil
        return .message(isText ? .text(whole) : .binary(whole))
    }

    private mutating func endControl() throws(WebSocketProtocolError) -> Event {
        let payload = control
        control = []
        switch frame.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        default: return .close(try WebSocketCloseStatus(parsing: payload))
        }
    }

    private mutating func checkText(from start: Int) throws(WebSocketProtocolError) {
        guard kind == .text else { return }
        var checked = text
        guard checked.accept(message.span.extracting(start..<message.count)) else { throw .invalidText }
        text = checked
    }

    private static func append(_ bytes: Span<UInt8>, _ mask: WebSocketMask, to target: inout [UInt8]) {
        let start = target.count
        unsafe bytes.withUnsafeBufferPointer { unsafe target.append(contentsOf: $0) }
        mask.apply(to: &target, from: start)
    }
}

/// The header of a frame that passed every check a header can fail.
package struct WebSocketFrameHeader: Equatable, Sendable {
    /// The last fragment of its message, or the only one.
    package let isFinal: Bool
    /// RSV1: the message is compressed (RFC 7692 §6).
    package let isCompressed: Bool
    /// What the frame carries.
    package let opcode: WebSocketOpcode
    /// The length of the payload.
    package let payloadBytes: Int
}

/// Cuts a byte stream into frames (RFC 6455 §5.2), in whatever pieces the bytes arrive.
///
/// A value without I/O. It keeps at most an unfinished header, inline; payload is passed on as ranges of the caller's
/// bytes, so that a frame costs no buffer here. Every rule is applied at the first byte that shows the breach; after
/// an error the decoder must not be used again.
package struct WebSocketFrameDecoder: Sendable {
    /// What the bytes contain next.
    enum Event: Equatable {
        case began(WebSocketFrameHeader)
        /// Where more of the payload lies in the bytes given, and the mask to remove from it.
        case payload(Range<Int>, WebSocketMask)
        case ended
    }

    private enum Phase {
        case header
        case payload
    }

    private let expectsMask: Bool
    private let allowsCompression: Bool
    private let maximumBytes: Int
    private var phase = Phase.header
    private var headerCount: UInt8 = 0
    private var header = InlineArray<14, UInt8>(repeating: 0)
    private var mask = WebSocketMask.none
    private var remaining = 0

    /// A decoder for what arrives at this end: masked at a server, unmasked at a client.
    ///
    /// `allowsCompression` says whether permessage-deflate was agreed on, which uses RSV1.
    package init(role: WebSocketRole, maximumBytes: Int = 131_072, allowsCompression: Bool = false) {
        expectsMask = role == .server
        self.allowsCompression = allowsCompression
        self.maximumBytes = maximumBytes
    }

    /// Reads on from `position`, which it advances; nil when more bytes are needed.
    mutating func next(
        in bytes: Span<UInt8>,
        from position: inout Int
    ) throws(WebSocketProtocolError) -> Event? {
        switch phase {
        case .header:
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if let complete = try acceptHeader(byte) { return .began(complete) }
            }
            return nil
        case .payload:
            guard remaining > 0 else {
                phase = .header
                return .ended
            }
            guard position < bytes.count else { return nil }
            let range = position..<(position + min(remaining, bytes.count - position))
            let current = mask
            mask.advance(by: range.count)
            remaining -= range.count
            position = range.upperBound
            return .payload(range, current)
        }
    }

    private mutating func acceptHeader(_ byte: UInt8) throws(WebSocketProtocolError) -> WebSocketFrameHeader? {
        header[Int(headerCount)] = byte
        headerCount += 1
        if headerCount == 1 { try checkFirst(byte) }
        if headerCount == 2 { try checkSecond(byte) }
        guard headerCount >= 2 else { return nil }
        let lengthEnd = 2 + lengthBytes
        if Int(headerCount) == lengthEnd { remaining = try payloadLength() }
        guard Int(headerCount) == lengthEnd + (expectsMask ? 4 : 0) else { return nil }
        mask = expectsMask ? WebSocketMask(key: maskingKey(at: lengthEnd)) : .none
        headerCount = 0
        phase = .payload
        guard let opcode = WebSocketOpcode(rawValue: header[0] & 0x0F) else {
            preconditionFailure("the opcode was checked with the first byte")
        }
        return WebSocketFrameHeader(
            isFinal: header[0] & 0x80 != 0,
            isCompressed: header[0] & 0x40 != 0,
            opcode: opcode,
            payloadBytes: remaining
        )
    }

    private func checkFirst(_ byte: UInt8) throws(WebSocketProtocolError) {
        guard let opcode = WebSocketOpcode(rawValue: byte & 0x0F) else { throw .violation("reserved opcode") }
        guard byte & 0x30 == 0 else { throw .violation("reserved bit set") }
        if byte & 0x40 != 0 {
            let mayBegin = opcode == .text || opcode == .binary
            guard allowsCompression, mayBegin else { throw .violation("reserved bit set") }
        }
        if opcode.isControl, byte & 0x80 == 0 { throw .violation("fragmented control frame") }
    }

    private func checkSecond(_ byte: UInt8) throws(WebSocketProtocolError) {
        guard (byte & 0x80 != 0) == expectsMask else {
            throw .violation(expectsMask ? "unmasked frame from a client" : "masked frame from a server")
        }
        if header[0] & 0x08 != 0, byte & 0x7F > 125 { throw .violation("control frame of more than 125 bytes") }
    }

    /// How many bytes the extended length has.
    private var lengthBytes: Int {
        switch header[1] & 0x7F {
        case 126: 2
        case 127: 8
        default: 0
        }
    }

    private func payloadLength() throws(WebSocketProtocolError) -> Int {
        var length = UInt64(header[1] & 0x7F)
        if lengthBytes > 0 {
            length = 0
            for index in 2..<(2 + lengthBytes) { length = length << 8 | UInt64(header[index]) }
            guard length >> 63 == 0 else { throw .violation("length with its highest bit set") }
            guard length > (lengthBytes == 2 ? 125 : 0xFFFF) else {
                throw .violation("length not in its shortest form")
            }
        }
        guard length <= UInt64(maximumBytes) else { throw .tooBig(limit: maximumBytes) }
        return Int(length)
    }

    private func maskingKey(at start: Int) -> UInt32 {
        var key: UInt32 = 0
        for index in 0..<4 { key |= UInt32(header[start + index]) << (8 * UInt32(index)) }
        return key
    }
}

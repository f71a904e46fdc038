/// Makes frames (RFC 6455 §5.2): a server's unmasked, a client's masked.
package enum WebSocketFrameEncoder {
    /// The longest payload of a control frame.
    package static let maximumControlBytes = 125

    /// The bytes of one frame with its length in the shortest form, masked when there is a key.
    package static func encode(
        _ opcode: WebSocketOpcode,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isCompressed: Bool = false,
        maskingKey: UInt32? = nil
    ) -> [UInt8] {
        precondition(!opcode.isControl || (isFinal && payload.count <= maximumControlBytes), "malformed control frame")
        var frame: [UInt8] = []
        frame.reserveCapacity(14 + payload.count)
        frame.append((isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue)
        appendLength(payload.count, isMasked: maskingKey != nil, to: &frame)
        guard let maskingKey else {
            frame.append(contentsOf: payload)
            return frame
        }
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            frame.append(UInt8(truncatingIfNeeded: maskingKey >> shift))
        }
        let start = frame.count
        frame.append(contentsOf: payload)
        WebSocketMask(key: maskingKey).apply(to: &frame, from: start)
        return frame
    }

    /// The payload of a Close frame; a code that may not be sent makes it empty, a long reason is cut at a character.
    package static func closePayload(_ status: WebSocketCloseStatus) -> [UInt8] {
        guard status.code.isAllowedOnWire else { return [] }
        var payload = [UInt8(status.code.rawValue >> 8), UInt8(status.code.rawValue & 0xFF)]
        for scalar in status.reason.unicodeScalars {
            let encoded = UTF8.encode(scalar).map(Array.init) ?? []
            guard payload.count + encoded.count <= maximumControlBytes else { break }
            payload += encoded
        }
        return payload
    }

    private static func appendLength(_ length: Int, isMasked: Bool, to frame: inout [UInt8]) {
        let maskBit: UInt8 = isMasked ? 0x80 : 0
        if length <= 125 {
            frame.append(maskBit | UInt8(length))
            return
        }
        let isShort = length <= 0xFFFF
        frame.append(maskBit | (isShort ? 126 : 127))
        for shift in stride(from: isShort ? 8 : 56, through: 0, by: -8) {
            frame.append(UInt8(truncatingIfNeeded: length >> shift))
        }
    }
}

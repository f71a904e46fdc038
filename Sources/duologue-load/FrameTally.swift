/// Counts the WebSocket frames of one size that a server sends, and skips all else: as little reading as can be, without
/// taking a heartbeat for a delivery.
struct FrameTally {
    private enum Part: Equatable {
        /// Of the answer to the handshake, how much of the empty line at its end is there.
        case handshake(matched: Int)
        case opcode
        case length
        /// Bytes of the long length still to come.
        case longLength(left: Int)
        case payload
    }

    private let payloadBytes: Int
    private var part: Part
    private var length = 0
    private var left = 0

    private static let emptyLine = Array("\r\n\r\n".utf8)

    /// Counts frames with so many bytes of payload, once an HTTP head has passed where there is one.
    init(payloadBytes: Int, afterHandshake: Bool) {
        self.payloadBytes = payloadBytes
        part = afterHandshake ? .handshake(matched: 0) : .opcode
    }

    /// Takes what arrived; how many of the frames it completes.
    mutating func take(_ bytes: Span<UInt8>) -> Int {
        var completed = 0
        var index = 0
        while index < bytes.count {
            guard part == .payload else {
                take(bytes[index])
                index += 1
                if part == .payload, left == 0 { part = .opcode }
                continue
            }
            let step = min(left, bytes.count - index)
            index += step
            left -= step
            guard left == 0 else { break }
            part = .opcode
            if length == payloadBytes { completed += 1 }
        }
        return completed
    }

    private mutating func take(_ byte: UInt8) {
        switch part {
        case .handshake(let matched):
            let next = byte == Self.emptyLine[matched] ? matched + 1 : byte == Self.emptyLine[0] ? 1 : 0
            part = next == Self.emptyLine.count ? .opcode : .handshake(matched: next)
        case .opcode: part = .length
        case .length where byte >= 126:
            length = 0
            part = .longLength(left: byte == 126 ? 2 : 8)
        case .length: begin(Int(byte))
        case .longLength(let left):
            length = length << 8 | Int(byte)
            if left == 1 { begin(length) } else { part = .longLength(left: left - 1) }
        case .payload: break
        }
    }

    private mutating func begin(_ length: Int) {
        self.length = length
        left = length
        part = .payload
    }
}

/// The peer broke the protocol or a limit; the connection is to be failed with `code` (RFC 6455 §7.1.7).
package struct WebSocketProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// 1002, 1007 or 1009.
    package let code: WebSocketCloseCode
    /// What was wrong, for people; never a part of the payload.
    package let message: String

    package var description: String { "\(code.rawValue): \(message)" }

    /// 1002: the peer does not speak the protocol.
    package static func violation(_ message: String) -> Self { Self(code: .protocolError, message: message) }

    /// 1009: a frame or message beyond what this end accepts.
    package static func tooBig(limit: Int) -> Self {
        Self(code: .messageTooBig, message: "larger than \(limit) bytes")
    }

    /// 1007: a compressed message that is no deflate, or not whole.
    static let invalidCompression = Self(code: .invalidPayload, message: "a compressed message that cannot be undone")

    /// 1007: text that is not UTF-8.
    package static let invalidText = Self(code: .invalidPayload, message: "text that is not UTF-8")
}

/// How large what a peer sends may be.
package struct WebSocketLimits: Sendable {
    /// Payload bytes of one frame at most.
    package var frameBytes: Int
    /// Bytes of one message at most, over all its fragments.
    package var messageBytes: Int

    /// The default takes messages up to 128 KiB, in a frame or in many.
    package init(frameBytes: Int = 131_072, messageBytes: Int = 131_072) {
        self.frameBytes = frameBytes
        self.messageBytes = messageBytes
    }
}

/// What a frame carries (RFC 6455 §11.8); every other value is reserved and refused.
package enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// Whether this is a control frame: at most 125 bytes, never fragmented, allowed between fragments.
    package var isControl: Bool { rawValue & 0x8 != 0 }
}

/// Which end of the connection this is: a client masks what it sends, a server must not.
package enum WebSocketRole: Sendable {
    case server
    case client
}

/// A whole message, put together from its fragments.
package enum WebSocketMessage: Sendable, Equatable {
    /// Valid UTF-8.
    case text([UInt8])
    /// Any bytes.
    case binary([UInt8])
}

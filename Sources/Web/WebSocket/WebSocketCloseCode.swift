/// Why a WebSocket was closed, as a number (RFC 6455 §7.4 and the IANA registry).
package struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let normal = Self(rawValue: 1000)
    package static let goingAway = Self(rawValue: 1001)
    package static let protocolError = Self(rawValue: 1002)
    package static let unsupportedData = Self(rawValue: 1003)
    /// The peer's Close frame had no code.
    ///
    /// Never on the wire.
    package static let noStatus = Self(rawValue: 1005)
    /// The connection ended without a Close frame.
    ///
    /// Never on the wire.
    package static let abnormal = Self(rawValue: 1006)
    package static let invalidPayload = Self(rawValue: 1007)
    package static let policyViolation = Self(rawValue: 1008)
    package static let messageTooBig = Self(rawValue: 1009)
    package static let internalError = Self(rawValue: 1011)
    package static let serviceRestart = Self(rawValue: 1012)
    package static let tryAgainLater = Self(rawValue: 1013)

    /// Whether the code may be sent in a Close frame: the registered ones and those of libraries and applications.
    package var isAllowedOnWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

/// The code and the reason a WebSocket was closed with.
package struct WebSocketCloseStatus: Hashable, Sendable {
    /// The number; `noStatus` and `abnormal` stand for a missing one.
    package let code: WebSocketCloseCode
    /// A sentence for people, at most 123 bytes on the wire, often empty.
    package let reason: String

    /// Makes a status from a code and an optional reason.
    package init(_ code: WebSocketCloseCode, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// Reads the payload of a Close frame.
    ///
    /// - Throws: 1002 for half a code or one that may not be sent, 1007 for a reason that is not UTF-8.
    init(parsing payload: [UInt8]) throws(WebSocketProtocolError) {
        guard !payload.isEmpty else {
            self.init(.noStatus)
            return
        }
        guard payload.count >= 2 else { throw .violation("a close frame with half a code") }
        let code = WebSocketCloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isAllowedOnWire else { throw .violation("close code \(code.rawValue) may not be sent") }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else { throw .invalidText }
        self.init(code, reason)
    }
}

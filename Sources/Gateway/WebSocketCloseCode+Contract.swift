internal import Web

extension WebSocketCloseCode {
    /// The contract's own codes.
    static let badFrame = WebSocketCloseCode(rawValue: 4000)
    static let unauthenticated = WebSocketCloseCode(rawValue: 4001)
    static let forbidden = WebSocketCloseCode(rawValue: 4003)
    static let rateLimited = WebSocketCloseCode(rawValue: 4009)
    static let sessionRevoked = WebSocketCloseCode(rawValue: 4010)
    static let tooSlow = WebSocketCloseCode(rawValue: 4008)
}

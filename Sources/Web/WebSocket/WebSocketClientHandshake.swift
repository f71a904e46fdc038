/// A client's half of the handshake (RFC 6455 §4.1): the request, and the check of the answer.
///
/// Pure.
struct WebSocketClientHandshake: Sendable {
    let host: String
    let path: String
    let headers: [(name: String, value: String)]
    let subprotocols: [String]
    /// Whether permessage-deflate is offered.
    let offersCompression: Bool
    /// 16 random bytes in Base64.
    let key: String

    /// The request as bytes.
    var request: [UInt8] {
        var head = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\n"
        if !subprotocols.isEmpty { head += "Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))\r\n" }
        if offersCompression { head += "Sec-WebSocket-Extensions: \(PerMessageDeflate.offer)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        return Array((head + "\r\n").utf8)
    }

    /// What the server agreed to.
    struct Agreement: Equatable {
        var subprotocol: String?
        var isCompressed: Bool
    }

    /// Checks the head of the answer, without its empty line, and returns what the server chose.
    ///
    /// - Throws: `rejected` with the status of an answer that is no 101, `invalidResponse` for a wrong 101.
    func verify(_ head: String) throws(WebSocketClientError) -> Agreement {
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        let statusLine = lines.popFirst() ?? ""
        let parts = statusLine.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
            throw .invalidResponse("no HTTP status line")
        }
        guard status == 101 else { throw .rejected(status: status) }
        func values(_ name: String) -> [String] {
            lines.compactMap { line in
                guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { return nil }
                return HeaderList.trim(line[line.index(after: colon)...])
            }
        }
        guard HeaderList.contains("websocket", in: values("upgrade")),
            HeaderList.contains("upgrade", in: values("connection"))
        else { throw .invalidResponse("a 101 that does not upgrade to websocket") }
        guard values("sec-websocket-accept") == [WebSocketHandshake.accept(forKey: key)] else {
            throw .invalidResponse("Sec-WebSocket-Accept does not fit the key")
        }
        let extensions = HeaderList.elements(of: values("sec-websocket-extensions"))
        guard extensions.count <= (offersCompression ? 1 : 0), extensions.allSatisfy(Self.answersOffer) else {
            throw .invalidResponse("an extension that was not offered")
        }
        let chosen = values("sec-websocket-protocol")
        guard chosen.count <= 1, chosen.allSatisfy(subprotocols.contains) else {
            throw .invalidResponse("a subprotocol that was not offered")
        }
        return Agreement(subprotocol: chosen.first, isCompressed: !extensions.isEmpty)
    }

    private static func answersOffer(_ element: String) -> Bool {
        WebSocketExtension(parsing: element).map(PerMessageDeflate.answersOffer) ?? false
    }
}

/// Why a client has no WebSocket.
package struct WebSocketClientError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure a caller can tell apart.
    package enum Code: String, Sendable {
        /// No TCP connection, or it ended during the handshake.
        case connection
        /// The deadline passed first.
        case timeout
        /// The server answered with another status than 101.
        case rejected
        /// The server's answer breaks the protocol.
        case invalidResponse
    }

    /// What happened, for code.
    package let code: Code
    /// What happened, for people.
    package let message: String
    /// The server's status where it rejected the handshake.
    package let status: Int?

    static func connection(_ message: String) -> Self { Self(code: .connection, message: message, status: nil) }
    static func timeout(_ message: String) -> Self { Self(code: .timeout, message: message, status: nil) }
    static func invalidResponse(_ message: String) -> Self {
        Self(code: .invalidResponse, message: message, status: nil)
    }
    static func rejected(status: Int) -> Self {
        Self(code: .rejected, message: "the server answered \(status)", status: status)
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

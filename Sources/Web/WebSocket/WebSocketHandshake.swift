internal import Hashing

/// A client's request to turn an HTTP/1.1 connection into a WebSocket, found valid (RFC 6455 §4.2).
///
/// Pure: it is told the request's facts and gives the headers of the answer. Whether the origin and the user may
/// connect is for the caller to decide, between the two.
package struct WebSocketHandshake: Sendable {
    /// The subprotocols offered, in the client's order of preference.
    package let offeredSubprotocols: [String]
    /// The extensions offered, in the client's order of preference.
    package let offeredExtensions: [WebSocketExtension]

    private let key: String

    /// Checks a request; `headerValues` gives every value of a header field by its lower-case name, in order.
    ///
    /// - Throws: what to answer instead: 405, 426 or 400.
    package init(
        method: String,
        httpVersion: (major: Int, minor: Int),
        headerValues: (String) -> [String]
    ) throws(WebSocketHandshakeError) {
        guard method == "GET" else { throw .methodNotAllowed }
        guard httpVersion.major == 1, httpVersion.minor >= 1 else { throw .badRequest("HTTP/1.1 is required") }
        let hosts = headerValues("host")
        guard hosts.count == 1, !hosts[0].isEmpty else { throw .badRequest("exactly one Host is required") }
        guard HeaderList.contains("websocket", in: headerValues("upgrade")),
            HeaderList.contains("upgrade", in: headerValues("connection"))
        else { throw .upgradeRequired("Upgrade: websocket is required") }
        guard headerValues("sec-websocket-version") == ["13"] else {
            throw .upgradeRequired("Sec-WebSocket-Version: 13 is required")
        }
        // Bytes of a body would be taken for frames.
        let hasBody =
            !headerValues("transfer-encoding").isEmpty || headerValues("content-length").contains { $0 != "0" }
        guard !hasBody else { throw .badRequest("a handshake has no body") }
        let keys = headerValues("sec-websocket-key")
        guard keys.count == 1, Base64.decode(keys[0])?.count == 16 else {
            throw .badRequest("Sec-WebSocket-Key must be 16 bytes in Base64")
        }
        key = keys[0]
        offeredSubprotocols = HeaderList.elements(of: headerValues("sec-websocket-protocol"))
        guard offeredSubprotocols.allSatisfy(HeaderList.isToken) else {
            throw .badRequest("Sec-WebSocket-Protocol is malformed")
        }
        let elements = HeaderList.elements(of: headerValues("sec-websocket-extensions"))
        offeredExtensions = elements.compactMap(WebSocketExtension.init(parsing:))
        guard offeredExtensions.count == elements.count else {
            throw .badRequest("Sec-WebSocket-Extensions is malformed")
        }
    }

    /// The client's most preferred subprotocol among those the server speaks; names are case-sensitive.
    package func subprotocol(among supported: [String]) -> String? {
        offeredSubprotocols.first(where: supported.contains)
    }

    /// The header fields of the 101 answer.
    package func responseHeaders(
        subprotocol: String? = nil,
        extensions: String? = nil
    ) -> [(name: String, value: String)] {
        var headers = [
            (name: "Upgrade", value: "websocket"),
            (name: "Connection", value: "Upgrade"),
            (name: "Sec-WebSocket-Accept", value: Self.accept(forKey: key)),
        ]
        if let subprotocol { headers.append((name: "Sec-WebSocket-Protocol", value: subprotocol)) }
        if let extensions { headers.append((name: "Sec-WebSocket-Extensions", value: extensions)) }
        return headers
    }

    /// The whole 101 answer as bytes, for a connection that is handed over raw.
    package func response(subprotocol: String? = nil, extensions: String? = nil) -> [UInt8] {
        var head = "HTTP/1.1 101 Switching Protocols\r\n"
        for (name, value) in responseHeaders(subprotocol: subprotocol, extensions: extensions) {
            head += "\(name): \(value)\r\n"
        }
        return Array((head + "\r\n").utf8)
    }

    /// The proof that a server understood the key (RFC 6455 §4.2.2).
    package static func accept(forKey key: String) -> String {
        Base64.encode(SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }
}

/// Why a request is no WebSocket handshake, as the HTTP answer it gets.
package struct WebSocketHandshakeError: Error, Sendable {
    /// 400, 405 or 426.
    package let status: Int
    /// What is wrong, for people.
    package let message: String
    /// Header fields the status demands.
    package let headers: [(name: String, value: String)]

    static func badRequest(_ message: String) -> Self { Self(status: 400, message: message, headers: []) }

    static let methodNotAllowed = Self(
        status: 405,
        message: "a WebSocket is opened with GET",
        headers: [(name: "Allow", value: "GET")]
    )

    static func upgradeRequired(_ message: String) -> Self {
        Self(
            status: 426,
            message: message,
            headers: [
                (name: "Upgrade", value: "websocket"),
                (name: "Connection", value: "Upgrade"),
                (name: "Sec-WebSocket-Version", value: "13"),
            ]
        )
    }
}

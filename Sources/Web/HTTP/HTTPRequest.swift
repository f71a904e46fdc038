/// A complete request as a handler sees it.
package struct HTTPRequest: Sendable {
    package let method: HTTPMethod
    /// The path as sent, still percent-encoded; `*` for an OPTIONS of the whole server.
    package let path: String
    /// What follows the question mark, still encoded; nil without one.
    package let query: String?
    package let headers: HTTPHeaders
    /// The decoded body, empty when there was none.
    package let body: [UInt8]
    /// The client's address as digits: the peer's, unless a trusted proxy says whose it is.
    package let peerAddress: String
    /// The identity of this request in logs and in `X-Request-Id`: the caller's when valid, else a new one.
    package let requestID: String
    /// Whether the client allows the connection another request.
    let keepsAlive: Bool
    /// 1.1 rather than 1.0.
    let isHTTP11: Bool

    /// A request made by hand, for tests and for calling a responder without a socket.
    package init(
        method: HTTPMethod,
        target: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        peerAddress: String = "127.0.0.1",
        requestID: String = "test"
    ) {
        self.method = method
        (path, query) = Self.split(target)
        self.headers = headers
        self.body = body
        self.peerAddress = peerAddress
        self.requestID = requestID
        keepsAlive = true
        isHTTP11 = true
    }

    init(parsed: HTTPRequestParser.ParsedRequest, peerAddress: String, requestID: String) {
        method = parsed.head.method
        (path, query) = Self.split(parsed.head.target)
        headers = parsed.head.headers
        body = parsed.body
        self.peerAddress = peerAddress
        self.requestID = requestID
        keepsAlive = parsed.head.keepsAlive
        isHTTP11 = parsed.head.isHTTP11
    }

    /// The path between its slashes, percent-decoded after splitting, so that an encoded slash stays inside its segment.
    ///
    /// Dot segments and empty ones stay as they are; no route matches them.
    /// - Throws: 400 `invalid_value` for a broken escape, an encoded NUL or octets that are not UTF-8.
    package func segments() throws(Problem) -> [String] { try Self.segments(of: path) }

    static func segments(of path: String) throws(Problem) -> [String] {
        guard path != "/" else { return [] }
        var segments: [String] = []
        for raw in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let segment = PercentEncoding.decode(raw) else {
                throw Problem(.badRequest, code: "invalid_value", detail: "the path is not properly percent-encoded")
            }
            segments.append(segment)
        }
        return segments
    }

    /// The query's items in order, decoded.
    ///
    /// - Throws: 400 `invalid_value` for a broken escape, an encoded NUL or octets that are not UTF-8.
    package func queryItems() throws(Problem) -> [(name: String, value: String)] {
        guard let query else { return [] }
        var items: [(name: String, value: String)] = []
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true),
                let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else {
                throw Problem(.badRequest, code: "invalid_value", detail: "the query is not properly percent-encoded")
            }
            items.append((name, value))
        }
        return items
    }

    /// The value of the one query item of this name; nil without one.
    ///
    /// - Throws: 400 `invalid_value` when it stands there twice or the query is malformed.
    package func queryItem(_ name: String) throws(Problem) -> String? {
        let values = try queryItems().filter { $0.name == name }
        guard values.count <= 1 else {
            throw Problem(.badRequest, code: "invalid_value", detail: "the query names \(name) more than once")
        }
        return values.first?.value
    }

    private static func split(_ target: String) -> (String, String?) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, nil) }
        return (String(target[..<mark]), String(target[target.index(after: mark)...]))
    }
}

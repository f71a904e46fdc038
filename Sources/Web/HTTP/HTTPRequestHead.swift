/// A request head that passed every check: what it asks for and how its body is framed.
package struct HTTPRequestHead {
    package var method: HTTPMethod { line.method }
    /// Path and query as sent, or `*`.
    package var target: String { line.target }
    /// Every field as sent, but for `Host` where the target names another.
    package let headers: HTTPHeaders
    /// 1.1 rather than 1.0.
    package var isHTTP11: Bool { line.isHTTP11 }
    /// Whether the connection may carry another request after this one.
    package let keepsAlive: Bool
    /// Where the body ends.
    package let framing: BodyFraming
    /// Whether the client waits for 100 before it sends the body (RFC 9110 section 10.1.1).
    package let expectsContinue: Bool

    private let line: HTTPRequestLine

    /// How the end of a body is found (RFC 9112 section 6.3).
    package enum BodyFraming: Equatable {
        /// After so many bytes; without any header that says so there is no body.
        case length(Int)
        /// With a chunk of no bytes, and the trailers behind it.
        case chunked
    }

    /// The target without its query, which may hold a secret.
    var path: String { line.path }

    /// Checks the complete head in `bytes`, whose lines `reader` has found, behind its first line.
    init(_ line: HTTPRequestLine, bytes: [UInt8], reader: HTTPHeadReader) throws(Problem) {
        self.line = line
        let isHTTP11 = line.isHTTP11
        var headers = HTTPHeaders(bytes: bytes, fields: reader.fields)
        let hosts = headers.values(of: "host")
        guard hosts.count == 1 || (!isHTTP11 && hosts.isEmpty) else {
            throw .malformed("there must be exactly one Host")
        }
        guard hosts.allSatisfy({ $0.utf8.allSatisfy(\.isHost) }) else { throw .malformed("Host is not a host") }
        if let authority = line.authority, !hosts.isEmpty { headers.set("Host", authority) }
        self.headers = headers
        framing = try Self.framing(headers, isHTTP11: isHTTP11)
        expectsContinue = try Self.expectation(headers, isHTTP11: isHTTP11)
        keepsAlive =
            isHTTP11
            ? !headers.contains("connection", token: "close")
            : headers.contains("connection", token: "keep-alive") && !headers.contains("connection", token: "close")
    }

    private static func framing(_ headers: HTTPHeaders, isHTTP11: Bool) throws(Problem) -> BodyFraming {
        let lengths = headers.values(of: "content-length")
        let codings = headers.values(of: "transfer-encoding")
        // http-parser takes the beginning of such a name for the whole, and would refuse one request and pass the other.
        guard !headers.containsLonger(than: "transfer-encoding") else {
            throw .malformed("a header whose name only begins with Transfer-Encoding")
        }
        if !codings.isEmpty {
            guard lengths.isEmpty else { throw .malformed("Content-Length and Transfer-Encoding together") }
            guard isHTTP11 else { throw .malformed("Transfer-Encoding in an HTTP/1.0 request") }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw .malformed("the only transfer coding is chunked")
            }
            return .chunked
        }
        guard let length = lengths.first else { return .length(0) }
        guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy(\.isDigit) else {
            throw .malformed("Content-Length is not one decimal number")
        }
        guard let count = Int(length) else { throw .bodyTooLarge }
        return .length(count)
    }

    private static func expectation(_ headers: HTTPHeaders, isHTTP11: Bool) throws(Problem) -> Bool {
        let expectations = headers.values(of: "expect")
        guard !expectations.isEmpty, isHTTP11 else { return false }
        guard expectations.count == 1, expectations[0].lowercased() == "100-continue" else {
            throw .expectationFailed
        }
        return true
    }
}

/// A request head that passed every check: what it asks for and how its body is framed.
package struct HTTPRequestHead {
    package let method: HTTPMethod
    /// Path and query as sent, or `*`.
    package let target: String
    /// Every field as sent.
    package let headers: HTTPHeaders
    /// 1.1 rather than 1.0.
    package let isHTTP11: Bool
    /// Whether the connection may carry another request after this one.
    package let keepsAlive: Bool
    /// Where the body ends.
    package let framing: BodyFraming
    /// Whether the client waits for 100 before it sends the body (RFC 9110 section 10.1.1).
    package let expectsContinue: Bool

    /// How the end of a body is found (RFC 9112 section 6.3).
    package enum BodyFraming: Equatable {
        /// After so many bytes; without any header that says so there is no body.
        case length(Int)
        /// With a chunk of no bytes, and the trailers behind it.
        case chunked
    }

    /// The target without its query, which may hold a secret.
    var path: String { String(target.prefix { $0 != "?" }) }

    /// Checks the complete head in `bytes`, whose lines `reader` has found.
    init(bytes: [UInt8], reader: HTTPHeadReader) throws(Problem) {
        let line = bytes[reader.startLine]
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(\.isToken) else {
            throw .malformed("the request line is not method, target and version")
        }
        method = HTTPMethod(String(decoding: parts[0], as: UTF8.self))
        isHTTP11 = try Self.version(parts[2])
        target = try Self.target(parts[1], method: method)
        headers = HTTPHeaders(bytes: bytes, fields: reader.fields)
        let hosts = headers.values(of: "host")
        guard hosts.count == 1 || (!isHTTP11 && hosts.isEmpty) else {
            throw .malformed("there must be exactly one Host")
        }
        guard hosts.allSatisfy({ $0.utf8.allSatisfy(Self.isHost) }) else { throw .malformed("Host is not a host") }
        framing = try Self.framing(headers, isHTTP11: isHTTP11)
        expectsContinue = try Self.expectation(headers, isHTTP11: isHTTP11)
        keepsAlive =
            isHTTP11
            ? !headers.contains("connection", token: "close")
            : headers.contains("connection", token: "keep-alive") && !headers.contains("connection", token: "close")
    }

    private static func version(_ text: ArraySlice<UInt8>) throws(Problem) -> Bool {
        if text.elementsEqual("HTTP/1.1".utf8) { return true }
        if text.elementsEqual("HTTP/1.0".utf8) { return false }
        let isVersion =
            text.count == 8 && text.starts(with: "HTTP/".utf8) && text[text.startIndex + 5].isDigit
            && text[text.startIndex + 6] == UInt8(ascii: ".") && text[text.startIndex + 7].isDigit
        throw isVersion ? .versionNotSupported : .malformed("the request line has no HTTP version")
    }

    private static func target(_ text: ArraySlice<UInt8>, method: HTTPMethod) throws(Problem) -> String {
        let isOrigin = text.first == UInt8(ascii: "/") && text.allSatisfy(\.isTarget)
        let isAsterisk = method == .options && text.elementsEqual("*".utf8)
        guard isOrigin || isAsterisk else { throw .malformed("the request target is not a path") }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "@"), UInt8(ascii: "\\"),
            UInt8(ascii: ","):
            false
        default: byte > 0x20 && byte < 0x7F
        }
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

/// A request line that passed every check (RFC 9112 section 3).
struct HTTPRequestLine {
    let method: HTTPMethod
    /// 1.1 rather than 1.0.
    let isHTTP11: Bool
    /// Path and query as sent, or `*`.
    let target: String
    /// The host of a target in absolute form, which takes the place of `Host` (RFC 9112 section 3.2.2); else nil.
    let authority: String?

    /// The target without its query, which may hold a secret.
    var path: String { String(target.prefix { $0 != "?" }) }

    /// Checks a line, which is without its line end.
    init(_ line: ArraySlice<UInt8>) throws(Problem) {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(\.isToken) else {
            throw .malformed("the request line is not method, target and version")
        }
        let method = HTTPMethod(String(decoding: parts[0], as: UTF8.self))
        self.method = method
        isHTTP11 = try Self.version(parts[2])
        (target, authority) = try Self.target(parts[1], method)
    }

    private static func version(_ text: ArraySlice<UInt8>) throws(Problem) -> Bool {
        if text.elementsEqual("HTTP/1.1".utf8) { return true }
        if text.elementsEqual("HTTP/1.0".utf8) { return false }
        let isVersion =
            text.count == 8 && text.starts(with: "HTTP/".utf8) && text[text.startIndex + 5].isDigit
            && text[text.startIndex + 6] == UInt8(ascii: ".") && text[text.startIndex + 7].isDigit
        throw isVersion ? .versionNotSupported : .malformed("the request line has no HTTP version")
    }

    private static func target(
        _ text: ArraySlice<UInt8>,
        _ method: HTTPMethod
    ) throws(Problem) -> (target: String, authority: String?) {
        guard text.allSatisfy(\.isTarget) else { throw .malformed("a character that no request target has") }
        let isAsterisk = method == .options && text.elementsEqual("*".utf8)
        if isAsterisk || text.first == UInt8(ascii: "/") { return (String(decoding: text, as: UTF8.self), nil) }
        let schemes = ["http://", "https://"]
        let scheme = schemes.first { text.prefix($0.utf8.count).map(\.lowercasedASCII) == Array($0.utf8) }
        guard let scheme else { throw .malformed("the request target is no path and no HTTP address") }
        let rest = text.dropFirst(scheme.utf8.count)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard isAuthority(authority) else { throw .malformed("the address in the request target has no host") }
        let host = String(decoding: authority, as: UTF8.self)
        let path = String(decoding: rest.dropFirst(authority.count), as: UTF8.self)
        // Without a path it is the root, and of OPTIONS the whole server (RFC 9112 sections 3.2.1 and 3.2.4).
        if path.isEmpty { return (method == .options ? "*" : "/", host) }
        return (path.hasPrefix("/") ? path : "/" + path, host)
    }

    /// Whether it is a host, maybe with a port, and nothing before it (RFC 9110 sections 4.2.1 and 4.2.4).
    private static func isAuthority(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.allSatisfy(\.isHost) else { return false }
        var end = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        if text.first == UInt8(ascii: "[") {
            guard let bracket = text.firstIndex(of: UInt8(ascii: "]")), bracket > text.startIndex + 1 else {
                return false
            }
            end = bracket + 1
        }
        let port = text[end...]
        return end > text.startIndex
            && (port.isEmpty || port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(\.isDigit))
    }
}

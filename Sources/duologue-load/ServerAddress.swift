/// Where a server process listens.
struct ServerAddress: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: Int

    /// Reads `http://host[:port]`, with an IPv6 host in brackets, and nothing after it but a slash.
    ///
    /// - Throws: `usage`, saying what is wrong with the URL.
    init(url: String) throws(LoadError) {
        guard url.hasPrefix("http://") else {
            throw LoadError(.usage, "\(url): a server's URL begins with http://")
        }
        var rest = url.dropFirst("http://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains("/"), !rest.contains("@") else {
            throw LoadError(.usage, "\(url): give a host and a port, no path and no user")
        }
        var portText: Substring?
        if rest.hasPrefix("["), let bracket = rest.firstIndex(of: "]") {
            host = String(rest[rest.index(after: rest.startIndex)..<bracket])
            let tail = rest[rest.index(after: bracket)...]
            if tail.hasPrefix(":") { portText = tail.dropFirst() }
        } else if let colon = rest.lastIndex(of: ":") {
            host = String(rest[..<colon])
            portText = rest[rest.index(after: colon)...]
        } else {
            host = String(rest)
        }
        guard let number = portText.map({ Int($0) }) ?? 80, (1...65_535).contains(number), !host.isEmpty else {
            throw LoadError(.usage, "\(url): the port is a number from 1 to 65535")
        }
        port = number
    }

    var description: String { host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)" }
}

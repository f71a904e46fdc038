/// Where a server listens.
struct ServerURL: Sendable, Hashable {
    let host: String
    let port: Int

    /// Reads `http://host[:port]`, with an IPv6 host in brackets, and nothing after it but a slash.
    ///
    /// - Throws: `invalidServer`.
    init(_ text: String) throws(DuologueError) {
        guard text.hasPrefix("http://") else { throw Self.error("a server's URL begins with http://") }
        var rest = text.dropFirst("http://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains(where: { "/?#@".contains($0) }) else {
            throw Self.error("a server's URL is a host and a port, with no path and no user")
        }
        var portText: Substring?
        if rest.hasPrefix("["), let bracket = rest.firstIndex(of: "]") {
            host = String(rest[rest.index(after: rest.startIndex)..<bracket])
            let tail = rest[rest.index(after: bracket)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw Self.error("a bracket ends a host") }
            if !tail.isEmpty { portText = tail.dropFirst() }
        } else if let colon = rest.lastIndex(of: ":") {
            host = String(rest[..<colon])
            portText = rest[rest.index(after: colon)...]
        } else {
            host = String(rest)
        }
        guard !host.isEmpty, !host.contains("["), let number = portText.map({ Int($0) }) ?? 80,
            (1...65_535).contains(number)
        else {
            throw Self.error("a server's URL has a host, and a port from 1 to 65535")
        }
        port = number
    }

    private static func error(_ message: String) -> DuologueError { DuologueError(.invalidServer, message) }
}

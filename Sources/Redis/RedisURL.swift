/// Where Redis is and who we are there.
///
/// `redis://[user[:password]@]host[:port][/database]` is one server. `redis+cluster://` with one or more `host[:port]`,
/// parted by commas, is a Redis Cluster that is found through any of them; all its nodes take the same credentials.
///
/// Source: https://www.iana.org/assignments/uri-schemes/prov/redis
package struct RedisURL: Sendable, Equatable, CustomStringConvertible {
    /// The server, or the nodes a cluster is found through; never empty.
    package let addresses: [RedisAddress]
    /// Whether keys and channels are spread over the masters of a Redis Cluster.
    package let isCluster: Bool
    /// The ACL user; nil with a password means the default user.
    package let user: String?
    /// The password, which ``description`` leaves out.
    package let password: String?
    /// The number of the database; a cluster has only zero.
    package let database: Int

    /// Reads a URL; throws ``RedisError/Code/decoding`` without repeating its text, which may hold a password.
    package init(_ text: String) throws(RedisError) {
        let schemes = [(Self.serverScheme, false), (Self.clusterScheme, true)]
        guard let (scheme, isCluster) = schemes.first(where: { text.hasPrefix($0.0) }) else {
            throw Self.invalid("the scheme is neither \(Self.serverScheme) nor \(Self.clusterScheme)")
        }
        self.isCluster = isCluster
        var rest = text.dropFirst(scheme.count)
        (database, rest) = try Self.splitDatabase(rest)
        guard !isCluster || database == 0 else { throw Self.invalid("a cluster has no database but 0") }
        (user, password, rest) = try Self.splitCredentials(rest)
        let hosts = rest.split(separator: ",", omittingEmptySubsequences: false)
        guard isCluster || hosts.count == 1 else {
            throw Self.invalid("several hosts are a cluster's: begin with \(Self.clusterScheme)")
        }
        addresses = try hosts.map { text throws(RedisError) in try Self.address(text) }
    }

    package var description: String {
        let hosts = addresses.map(\.description).joined(separator: ",")
        return isCluster ? "\(Self.clusterScheme)\(hosts)" : "\(Self.serverScheme)\(hosts)/\(database)"
    }

    private static let serverScheme = "redis://"
    private static let clusterScheme = "redis+cluster://"

    private static func splitDatabase(_ text: Substring) throws(RedisError) -> (Int, Substring) {
        guard let slash = text.lastIndex(of: "/") else { return (0, text) }
        let digits = text[text.index(after: slash)...]
        guard !digits.isEmpty else { return (0, text[..<slash]) }
        guard let number = UInt16(digits) else { throw invalid("the database is not a number") }
        return (Int(number), text[..<slash])
    }

    private static func splitCredentials(
        _ text: Substring
    ) throws(RedisError) -> (user: String?, password: String?, rest: Substring) {
        guard let at = text.lastIndex(of: "@") else { return (nil, nil, text) }
        let credentials = text[..<at]
        let rest = text[text.index(after: at)...]
        guard let colon = credentials.firstIndex(of: ":") else {
            throw invalid("the user has no password")
        }
        let user = try decodePercent(credentials[..<colon])
        let password = try decodePercent(credentials[credentials.index(after: colon)...])
        guard !password.isEmpty else { throw invalid("the password is empty") }
        return (user.isEmpty ? nil : user, password, rest)
    }

    private static func address(_ text: Substring) throws(RedisError) -> RedisAddress {
        var host = text
        var port = 6379
        let afterBracket = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.startIndex
        if let colon = text[afterBracket...].lastIndex(of: ":") {
            guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else {
                throw invalid("the port is not a number from 1 to 65535")
            }
            port = Int(number)
            host = text[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("/") else { throw invalid("the host is missing") }
        return RedisAddress(host: String(host), port: port)
    }

    private static func decodePercent(_ text: Substring) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = Substring(rest.prefix(2))
            guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
                throw invalid("a percent sign is not followed by two hexadecimal digits")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw invalid("the credentials are not UTF-8")
        }
        return decoded
    }

    private static func invalid(_ reason: String) -> RedisError {
        RedisError(.decoding, "invalid Redis URL: \(reason)")
    }
}

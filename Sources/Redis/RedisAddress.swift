/// Where one Redis server listens.
package struct RedisAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address; an IPv6 address is without its brackets.
    package let host: String
    /// The TCP port.
    package let port: Int

    /// Makes an address of its parts.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

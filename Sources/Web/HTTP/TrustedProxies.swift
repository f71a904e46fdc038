package import IOCore

/// The proxies in front of a server that are believed where a request comes from.
package struct TrustedProxies: Sendable {
    private let ranges: [NetworkRange]

    /// Believes the peers with these addresses; usually there are none.
    package init(_ ranges: [NetworkRange] = []) { self.ranges = ranges }

    /// The address of whoever asks: the peer's, or where that is a trusted proxy, the last one in `X-Forwarded-For` that is none.
    ///
    /// Each proxy appends whom it heard from, so the list is read from its end; what a client put there itself is never reached. What is
    /// no address ends it: the proxy that let it pass counts then.
    func client(of headers: HTTPHeaders, peer: String) -> String {
        guard !ranges.isEmpty, var client = NetworkAddress(peer), isTrusted(client) else { return peer }
        let hops = headers.values(of: "X-Forwarded-For").flatMap { $0.split(separator: ",") }
        for hop in hops.reversed() {
            guard let address = NetworkAddress(String(decoding: hop.utf8.trimmingSpaces, as: UTF8.self)) else { break }
            client = address
            guard isTrusted(address) else { break }
        }
        return client.description
    }

    private func isTrusted(_ address: NetworkAddress) -> Bool { ranges.contains { $0.contains(address) } }
}

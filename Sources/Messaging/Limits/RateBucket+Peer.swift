package import Domain
internal import IOCore

extension RateBucket.Subject {
    /// Whoever comes from an address, given as digits; all whose address is not known are one.
    package init(peer: String) {
        guard let address = NetworkAddress(peer) else {
            self = .network(0)
            return
        }
        if let v4 = address.v4 { self = .address(v4) } else { self = .network(address.network) }
    }
}

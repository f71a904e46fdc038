internal import Glibc

/// An IPv4 or IPv6 address, as a number; IPv4 behind IPv6 (`::ffff:192.0.2.1`) is IPv4.
package struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// The two halves of the address, of IPv4 as IPv6 maps it (RFC 4291, section 2.5.5.2).
    private let high: UInt64
    private let low: UInt64

    private static let mapped: UInt64 = 0xFFFF_0000_0000

    /// An address given as digits; nil for a name, or anything else.
    package init?(_ digits: String) {
        var (v4, v6) = (in_addr(), in6_addr())
        guard !digits.utf8.contains(0) else { return nil }
        if unsafe inet_pton(AF_INET, digits, &v4) == 1 {
            (high, low) = (0, Self.mapped | UInt64(UInt32(bigEndian: v4.s_addr)))
        } else if unsafe inet_pton(AF_INET6, digits, &v6) == 1 {
            let halves = unsafe withUnsafeBytes(of: v6) { bytes in
                unsafe (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            (high, low) = (UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1))
        } else {
            return nil
        }
    }

    /// The number of an IPv4 address; nil for IPv6.
    package var v4: UInt32? { high == 0 && low >> 32 == 0xFFFF ? UInt32(truncatingIfNeeded: low) : nil }

    /// The first half of an IPv6 address: the network of a subscriber.
    package var network: UInt64 { high }

    /// The first bits of the address, of IPv4 as IPv6 maps it; the others are zero.
    func prefix(_ length: Int) -> (high: UInt64, low: UInt64) {
        (high & Self.mask(length), low & Self.mask(length - 64))
    }

    private static func mask(_ length: Int) -> UInt64 { length <= 0 ? 0 : length >= 64 ? .max : ~(.max >> length) }

    /// The digits that every way to write the address comes down to.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if let v4 {
            var address = in_addr(s_addr: v4.bigEndian)
            unsafe inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        } else {
            var address = in6_addr()
            unsafe withUnsafeMutableBytes(of: &address) { bytes in
                unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            unsafe inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Addresses that begin alike (CIDR, RFC 4632).
package struct NetworkRange: Hashable, Sendable {
    private let address: NetworkAddress
    private let length: Int

    /// One address, or `address/length`, no bits being set beyond its length; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = NetworkAddress(String(first)) else { return nil }
        let most = address.v4 == nil ? 128 : 32
        var bits = most
        if parts.count == 2 {
            guard let number = Int(parts[1]), String(number) == parts[1], (0...most).contains(number) else {
                return nil
            }
            bits = number
        }
        self.address = address
        length = 128 - most + bits
        guard address.prefix(length) == address.prefix(128) else { return nil }
    }

    /// Whether an address is one of them.
    package func contains(_ other: NetworkAddress) -> Bool { other.prefix(length) == address.prefix(length) }
}

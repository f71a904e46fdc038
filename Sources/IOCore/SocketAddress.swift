internal import CUV
internal import Glibc

/// An IPv4 or IPv6 socket address.
struct SocketAddress: Sendable {
    private var storage = sockaddr_storage()
    private var length: socklen_t

    /// The family, `AF_INET` or `AF_INET6`.
    var family: Int32 { Int32(storage.ss_family) }

    /// An address given as digits; nil for a name.
    init?(numericHost host: String, port: Int) {
        var v4 = sockaddr_in()
        var v6 = sockaddr_in6()
        if unsafe inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = in_port_t(port).bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            unsafe withUnsafeMutableBytes(of: &storage) { target in
                unsafe withUnsafeBytes(of: v4) { unsafe target.copyMemory(from: $0) }
            }
        } else if unsafe inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 {
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = in_port_t(port).bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            unsafe withUnsafeMutableBytes(of: &storage) { target in
                unsafe withUnsafeBytes(of: v6) { unsafe target.copyMemory(from: $0) }
            }
        } else {
            return nil
        }
    }

    /// Asks the system's resolver, which blocks.
    static func resolving(host: String, port: Int) throws(IOError) -> SocketAddress {
        if let numeric = SocketAddress(numericHost: host, port: port) { return numeric }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(host, nil, &hints, &list)
        defer { unsafe freeaddrinfo(list) }
        guard result == 0, let first = unsafe list, let found = unsafe SocketAddress(copying: first.pointee, port: port)
        else { throw IOError(.nameResolution, "\(host) has no address") }
        return found
    }

    private init?(copying info: addrinfo, port: Int) {
        guard let address = unsafe info.ai_addr, unsafe info.ai_family == AF_INET || info.ai_family == AF_INET6
        else { return nil }
        length = unsafe info.ai_addrlen
        let count = Int(length)
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: address, count: count))
            // The port lies at the same place in both families.
            unsafe target.storeBytes(of: in_port_t(port).bigEndian, toByteOffset: 2, as: in_port_t.self)
        }
    }

    /// The peer of a connected socket.
    static func peer(of descriptor: Int32) -> SocketAddress? {
        unsafe named { unsafe getpeername(descriptor, $0, $1) }
    }

    /// What a listening socket is bound to.
    static func local(of descriptor: Int32) -> SocketAddress? {
        unsafe named { unsafe getsockname(descriptor, $0, $1) }
    }

    private static func named(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var address = SocketAddress()
        let result = unsafe withUnsafeMutablePointer(to: &address.storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe withUnsafeMutablePointer(to: &address.length) { unsafe call(raw, $0) }
            }
        }
        return result == 0 ? address : nil
    }

    private init() { length = socklen_t(MemoryLayout<sockaddr_storage>.size) }

    /// Passes the address to a C call.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }

    /// The port number.
    var port: Int {
        unsafe withUnsafeBytes(of: storage) {
            unsafe Int(in_port_t(bigEndian: $0.load(fromByteOffset: 2, as: in_port_t.self)))
        }
    }

    /// The host as digits, an IPv4 address behind IPv6 as IPv4.
    var host: String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = unsafe withPointer { address, length in
            unsafe getnameinfo(address, length, &text, socklen_t(NI_MAXHOST), nil, 0, NI_NUMERICHOST)
        }
        guard result == 0 else { return "unknown" }
        let digits = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return digits.hasPrefix("::ffff:") ? String(digits.dropFirst(7)) : digits
    }
}

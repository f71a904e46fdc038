internal import Glibc
internal import Synchronization

/// Loopback ports for servers that come and go while a test keeps their port for them.
///
/// They lie below those that the kernel gives to sockets that ask for any, so nobody else gets one while its server is
/// down.
package enum FreePort {
    private static let reserved = Mutex<Set<Int>>([])

    /// A port that nobody listens on and that no other test of this process has.
    package static func reserve() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            let isNew = reserved.withLock { $0.insert(port).inserted }
            if isNew, unsafe withSocket(port: port, { unsafe bind($0, $1, $2) == 0 }) { return port }
        }
        throw ServerProcess.Failure(message: "no free port")
    }

    /// Whether a server accepts connections there.
    package static func accepts(_ port: Int) -> Bool {
        unsafe withSocket(port: port) { unsafe connect($0, $1, $2) == 0 }
    }

    private static func withSocket(port: Int, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body(descriptor, $0, size) }
        }
    }
}

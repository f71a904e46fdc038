import Glibc
import Synchronization

/// A Redis server of a test's own, which it may stop, kill and start again on the same port.
final class RedisServerProcess: Sendable {
    let port: Int
    private let process = Mutex<pid_t>(0)

    var url: String { "redis://127.0.0.1:\(port)" }

    init() throws {
        port = try Self.freePort()
        try start()
    }

    deinit { kill() }

    func start() throws {
        let arguments = [
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--logfile", "/dev/null", "--dir", "/tmp",
        ]
        var pointers = unsafe arguments.map { unsafe strdup($0) }
        defer { unsafe pointers.forEach { unsafe free($0) } }
        unsafe pointers.append(nil)
        var started: pid_t = 0
        guard unsafe posix_spawnp(&started, "redis-server", nil, nil, pointers, environ) == 0 else {
            throw ServerFailure.notStarted
        }
        process.withLock { $0 = started }
        let deadline = ContinuousClock.now + .seconds(10)
        while !Self.accepts(port) {
            guard ContinuousClock.now < deadline else { throw ServerFailure.notStarted }
            usleep(10_000)
        }
    }

    /// Ends it as a crash would.
    func kill() {
        let ended = process.withLock { process in
            defer { process = 0 }
            return process
        }
        guard ended > 0 else { return }
        _ = Glibc.kill(ended, SIGKILL)
        _ = waitpid(ended, nil, 0)
    }

    /// Freezes it: its connections stay open and nothing answers.
    func freeze() { signal(SIGSTOP) }

    func thaw() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        let target = process.withLock { $0 }
        // A process id of zero would be this test's whole group.
        if target > 0 { _ = Glibc.kill(target, number) }
    }

    private static func withSocket<Result>(
        port: Int,
        _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
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

    private static func accepts(_ port: Int) -> Bool {
        unsafe withSocket(port: port) { unsafe connect($0, $1, $2) == 0 }
    }

    private static func freePort() throws -> Int {
        let port = unsafe withSocket(port: 0) { descriptor, address, size in
            guard unsafe bind(descriptor, address, size) == 0 else { return 0 }
            var bound = sockaddr_in()
            var length = size
            _ = unsafe withUnsafeMutablePointer(to: &bound) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getsockname(descriptor, $0, &length)
                }
            }
            return Int(in_port_t(bigEndian: bound.sin_port))
        }
        guard port > 0 else { throw ServerFailure.noPort }
        return port
    }
}

enum ServerFailure: Error {
    case notStarted
    case noPort
    case tooLate(String)
}

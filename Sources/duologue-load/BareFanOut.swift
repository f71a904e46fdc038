internal import Glibc
internal import IOCore

/// What a fan-out costs with no server: plain loops of send(2) over accepted sockets, a thread for each share of them.
///
/// Loop-bound.
final class BareFanOut {
    let port: Int
    private let listener: TCPListener
    private let accepted: Accepted
    private let pool: BlockingPool
    private let threads: Int

    private final class Accepted {
        var descriptors: [Int32] = []
    }

    /// Listens on a free port.
    init(threads: Int, tool: Tool) throws {
        let accepted = Accepted()
        self.accepted = accepted
        self.threads = threads
        pool = BlockingPool(name: "bare", threads: threads, queueLimit: 1_000)
        listener = try TCPListener(host: "127.0.0.1", port: 0, loop: tool.loop) { accepted.descriptors.append($0) }
        port = listener.localPort
    }

    /// How many sockets there are.
    var count: Int { accepted.descriptors.count }

    /// Sends a frame so often to every socket, and returns once the kernel has taken all.
    func send(_ frame: [UInt8], times: Int) async throws {
        let all = accepted.descriptors
        let share = (all.count + threads - 1) / threads
        let pool = pool
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: 0, to: all.count, by: share) {
                let descriptors = Array(all[start..<min(start + share, all.count)])
                group.addTask { try await pool.run { Self.send(frame, times, to: descriptors) } }
            }
            try await group.waitForAll()
        }
    }

    /// Closes everything.
    func close() {
        listener.close()
        for descriptor in accepted.descriptors { Glibc.close(descriptor) }
        pool.shutdown()
    }

    private static func send(_ frame: [UInt8], _ times: Int, to descriptors: [Int32]) {
        unsafe frame.withUnsafeBytes { bytes in
            for _ in 0..<times {
                for descriptor in descriptors {
                    while unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) < 0,
                        errno == EAGAIN
                    {
                        sched_yield()
                    }
                }
            }
        }
    }
}

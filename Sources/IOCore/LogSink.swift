internal import Glibc
internal import Synchronization

/// Writes log lines to a descriptor on a thread of its own, so that a full pipe stops no loop.
///
/// The queue is bounded: lines beyond it are dropped, and their number is logged once there is room.
package final class LogSink: Sendable {
    /// The process's standard error stream.
    package static let standardError = LogSink(descriptor: 2)

    private struct Pending {
        var bytes: [UInt8] = []
        var dropped = 0
        var scheduled = false
    }

    private static let limitBytes = 4 << 20
    private let descriptor: Int32
    private let pending = Mutex(Pending())
    private let writer = BlockingPool(name: "log", threads: 1, queueLimit: 16)

    /// Writes to `descriptor`, which stays the caller's.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Queues one line, without its newline.
    package func write(_ line: [UInt8]) {
        let schedule = pending.withLock { pending in
            guard pending.bytes.count + line.count < Self.limitBytes else {
                pending.dropped += 1
                return false
            }
            pending.bytes.append(contentsOf: line)
            pending.bytes.append(UInt8(ascii: "\n"))
            defer { pending.scheduled = true }
            return !pending.scheduled
        }
        if schedule { _ = writer.submit { self.drain() } }
    }

    /// Writes what is queued, waits until all of it is written, and ends the thread.
    ///
    /// For the end of the process: lines that come later are lost.
    package func close() {
        // Joined first: the thread may hold lines that it has taken and not yet written.
        writer.shutdown()
        drain()
    }

    private func drain() {
        let (bytes, dropped) = pending.withLock { pending in
            defer { pending = Pending() }
            return (pending.bytes, pending.dropped)
        }
        writeAll(bytes)
        guard dropped > 0 else { return }
        writeAll(Array("{\"level\":\"warning\",\"message\":\"log lines dropped\",\"count\":\(dropped)}\n".utf8))
    }

    private func writeAll(_ bytes: [UInt8]) {
        var offset = 0
        unsafe bytes.withUnsafeBytes { buffer in
            while offset < buffer.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
                let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    offset += count
                } else if count < 0 && errno == EINTR {
                    continue
                } else {
                    return
                }
            }
        }
    }
}

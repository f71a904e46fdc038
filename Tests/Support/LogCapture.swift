internal import Glibc
package import IOCore

/// Keeps the lines that something logs, for a look at them when it has ended.
package final class LogCapture: Sendable {
    package let sink: LogSink
    private let descriptor: Int32

    /// Has logged nothing yet.
    package init() {
        var path = Array("/tmp/duologue-log-XXXXXX".utf8CString)
        descriptor = unsafe mkstemp(&path)
        unsafe unlink(path)
        sink = LogSink(descriptor: descriptor)
    }

    deinit { close(descriptor) }

    /// Everything logged; lines that come later are lost.
    package var lines: [String] {
        sink.close()
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = unsafe pread(descriptor, &buffer, buffer.count, off_t(bytes.count)), count > 0 {
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

internal import Glibc

/// Structured logging: one JSON object a line, with the time, the level, who speaks, a fixed message and fields.
///
/// Never give it a message's body, a token or a password.
package struct Logger: Sendable {
    private let label: String
    private let level: LogLevel
    private let sink: LogSink
    private let fields: [String: LogValue]

    /// Makes a logger that writes lines of `level` and above to `sink`.
    package init(
        label: String,
        level: LogLevel = .info,
        sink: LogSink = .standardError,
        fields: [String: LogValue] = [:]
    ) {
        self.label = label
        self.level = level
        self.sink = sink
        self.fields = fields
    }

    /// The same logger under another label.
    package func labelled(_ label: String) -> Logger {
        Logger(label: label, level: level, sink: sink, fields: fields)
    }

    /// The same logger with fields that go into each of its lines, such as a request id.
    package func with(_ more: [String: LogValue]) -> Logger {
        Logger(label: label, level: level, sink: sink, fields: fields.merging(more) { $1 })
    }

    /// For what helps to follow one request.
    package func debug(_ message: StaticString, _ fields: @autoclosure () -> [String: LogValue] = [:]) {
        write(.debug, message, fields)
    }

    /// For what an operator wants to see of a healthy server.
    package func info(_ message: StaticString, _ fields: @autoclosure () -> [String: LogValue] = [:]) {
        write(.info, message, fields)
    }

    /// For what went wrong and mends itself.
    package func warning(_ message: StaticString, _ fields: @autoclosure () -> [String: LogValue] = [:]) {
        write(.warning, message, fields)
    }

    /// For what went wrong and needs somebody.
    package func error(_ message: StaticString, _ fields: @autoclosure () -> [String: LogValue] = [:]) {
        write(.error, message, fields)
    }

    private func write(_ level: LogLevel, _ message: StaticString, _ more: () -> [String: LogValue]) {
        guard level >= self.level else { return }
        var line: [UInt8] = Array("{\"time\":\"\(Self.time())\",\"level\":\"\(level.rawValue)\",\"label\":".utf8)
        LogValue.write(label, to: &line)
        line.append(contentsOf: ",\"message\":".utf8)
        LogValue.write(message.description, to: &line)
        for (name, value) in fields.merging(more(), uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key }) {
            line.append(UInt8(ascii: ","))
            LogValue.write(name, to: &line)
            line.append(UInt8(ascii: ":"))
            value.write(to: &line)
        }
        line.append(UInt8(ascii: "}"))
        sink.write(line)
    }

    private static func time() -> String {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        var parts = unsafe tm()
        unsafe gmtime_r(&now.tv_sec, &parts)
        func digits(_ value: Int, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = unsafe "\(parts.tm_year + 1900)-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
        let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }.joined(separator: ":")
        return "\(date)T\(clock).\(digits(now.tv_nsec / 1_000_000, 3))Z"
    }
}

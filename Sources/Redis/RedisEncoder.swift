/// Writes one command as a RESP array of bulk strings.
///
/// Arguments are length-prefixed, so any bytes pass and nothing needs escaping.
package struct RedisEncoder {
    /// `*0\r\n`: the count is put in when the command is complete.
    private var bytes: [UInt8] = [0x2A, 0x30, 0x0D, 0x0A]
    private var count = 0

    /// Starts an empty command.
    package init() {}

    /// Appends text as UTF-8.
    package mutating func append(_ text: String) {
        beginArgument(byteCount: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
        endLine()
    }

    /// Appends any bytes.
    package mutating func append(_ value: [UInt8]) {
        beginArgument(byteCount: value.count)
        bytes.append(contentsOf: value)
        endLine()
    }

    /// Appends an integer in decimal.
    package mutating func append(_ value: Int64) {
        append(String(value))
    }

    /// The whole command, ready to be sent.
    package consuming func finish() -> [UInt8] {
        precondition(count > 0, "a command has a name")
        bytes.replaceSubrange(1..<2, with: String(count).utf8)
        return bytes
    }

    private mutating func beginArgument(byteCount: Int) {
        count += 1
        bytes.reserveCapacity(bytes.count + byteCount + 16)
        bytes.append(UInt8(ascii: "$"))
        bytes.append(contentsOf: String(byteCount).utf8)
        endLine()
    }

    private mutating func endLine() {
        bytes.append(0x0D)
        bytes.append(0x0A)
    }
}

/// Finds the end of a message head and checks every line of it, more strictly than any tolerant peer could exploit
/// (RFC 9112 sections 2.2, 5 and 11.2).
///
/// Every line ends in CRLF; no bare CR or LF, no folded line, no space before a colon, no control character. A pure value:
/// it is shown the same growing bytes again and goes on where it stopped.
struct HTTPHeadReader {
    /// The request or status line, without its line end.
    private(set) var startLine = 0..<0
    /// The header lines so far.
    private(set) var fields: [HTTPHeaders.Field] = []

    private let limits: HTTPLimits
    private let refusesTarget: Bool
    private var lineStart = 0
    private var position = 0
    private var colon: Int?
    private var lines = 0

    /// A reader of request heads, or of response heads when `refusesTarget` is false.
    init(limits: HTTPLimits, refusesTarget: Bool = true) {
        self.limits = limits
        self.refusesTarget = refusesTarget
    }

    /// Reads on; returns the length of the head with its blank line once it is complete, nil while bytes are missing.
    ///
    /// `bytes` begins with the head and grows from call to call.
    mutating func read(_ bytes: Span<UInt8>) throws(Problem) -> Int? {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\r") {
                guard position + 1 < bytes.count else { break }
                guard bytes[position + 1] == UInt8(ascii: "\n") else {
                    throw .malformed("a line of the head has a bare CR")
                }
                try checkLength(position)
                let isBlank = position == lineStart
                if !isBlank { try endLine(bytes) }
                position += 2
                lineStart = position
                colon = nil
                if isBlank {
                    guard lines > 0 else { throw .malformed("the request line is empty") }
                    return position
                }
                continue
            }
            try check(byte)
            position += 1
        }
        try checkLength(position)
        return nil
    }

    private mutating func check(_ byte: UInt8) throws(Problem) {
        guard byte.isFieldValue else {
            throw .malformed(byte == UInt8(ascii: "\n") ? "a line of the head has a bare LF" : "a control character")
        }
        guard lines > 0, colon == nil else { return }
        if byte == UInt8(ascii: ":") {
            guard position > lineStart else { throw .malformed("a header has no name") }
            colon = position
        } else if !byte.isToken {
            throw .malformed("a header name is not a token")
        }
    }

    private mutating func endLine(_ bytes: Span<UInt8>) throws(Problem) {
        defer { lines += 1 }
        guard lines > 0 else {
            startLine = lineStart..<position
            return
        }
        guard let colon else { throw .malformed("a header line has no colon") }
        guard fields.count < limits.headerCount else { throw .headTooLarge("too many header lines") }
        var start = colon + 1
        var end = position
        while start < end, bytes[start].isSpaceOrTab { start += 1 }
        while end > start, bytes[end - 1].isSpaceOrTab { end -= 1 }
        fields.append(
            .init(name: UInt32(lineStart)..<UInt32(colon), value: UInt32(start)..<UInt32(end))
        )
    }

    private func checkLength(_ end: Int) throws(Problem) {
        if end - lineStart > limits.lineBytes {
            throw lines == 0 && refusesTarget ? .targetTooLong : .headTooLarge("a header line is too long")
        }
        if end + 2 > limits.headBytes { throw .headTooLarge("the head is too long") }
    }
}

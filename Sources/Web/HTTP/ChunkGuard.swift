/// Checks the framing of a chunked body byte by byte (RFC 9112 section 7.1) before the decoder sees it.
///
/// The decoder as Debian builds it takes any two bytes for the CRLF after a chunk and lets a bare LF stand in an extension;
/// two servers that disagree about that can be made to disagree about where a request ends. Pure value.
struct ChunkGuard {
    private enum State {
        case size, sizeExtension, sizeLF, data, dataCR, dataLF, trailerStart, trailer, trailerLF, endLF, done
    }

    private let limits: HTTPLimits
    private var state = State.size
    private var remaining = 0
    private var digits = 0
    private var lineBytes = 0
    private var trailerBytes = 0
    /// Decoded bytes announced so far.
    private var bodyBytes = 0

    init(limits: HTTPLimits) { self.limits = limits }

    /// Whether the last byte of the body, its blank line included, has been seen.
    var isDone: Bool { state == .done }

    /// Checks `bytes` and returns how many of them belong to the body.
    mutating func check(_ bytes: Span<UInt8>) throws(Problem) -> Int {
        var index = 0
        while index < bytes.count, state != .done {
            if state == .data {
                let step = min(remaining, bytes.count - index)
                remaining -= step
                index += step
                if remaining == 0 { state = .dataCR }
            } else {
                try step(bytes[index])
                index += 1
            }
        }
        return index
    }

    private mutating func step(_ byte: UInt8) throws(Problem) {
        switch state {
        case .size: try size(byte)
        case .sizeExtension: try sizeExtension(byte)
        case .sizeLF:
            try expect(byte, "\n")
            try endSize()
        case .dataCR:
            try expect(byte, "\r")
            state = .dataLF
        case .dataLF:
            try expect(byte, "\n")
            startSize()
        case .trailerStart, .trailer: try trailer(byte)
        case .trailerLF:
            try expect(byte, "\n")
            state = .trailerStart
        case .endLF:
            try expect(byte, "\n")
            state = .done
        case .data, .done: preconditionFailure("not a framing byte")
        }
    }

    private mutating func startSize() {
        state = .size
        remaining = 0
        digits = 0
        lineBytes = 0
    }

    private mutating func size(_ byte: UInt8) throws(Problem) {
        try countLine()
        if let value = byte.hexValue {
            digits += 1
            // Sixteen digits would overflow, and no body within the limits needs half of them.
            guard digits <= 15 else { throw .malformed("a chunk size has too many digits") }
            remaining = remaining << 4 | Int(value)
            return
        }
        guard digits > 0 else { throw .malformed("a chunk has no size") }
        switch byte {
        case UInt8(ascii: "\r"): state = .sizeLF
        case UInt8(ascii: ";"): state = .sizeExtension
        default: throw .malformed("a chunk size is not hexadecimal")
        }
    }

    private mutating func sizeExtension(_ byte: UInt8) throws(Problem) {
        try countLine()
        if byte == UInt8(ascii: "\r") {
            state = .sizeLF
        } else if !byte.isFieldValue {
            throw .malformed("a chunk extension has a control character")
        }
    }

    private mutating func countLine() throws(Problem) {
        lineBytes += 1
        guard lineBytes <= limits.chunkLineBytes else { throw .malformed("a chunk-size line is too long") }
    }

    private mutating func endSize() throws(Problem) {
        guard remaining > 0 else {
            state = .trailerStart
            return
        }
        guard remaining <= limits.bodyBytes - bodyBytes else { throw .bodyTooLarge }
        bodyBytes += remaining
        state = .data
    }

    private mutating func trailer(_ byte: UInt8) throws(Problem) {
        trailerBytes += 1
        guard trailerBytes <= limits.trailerBytes else { throw .headTooLarge("the trailers are too long") }
        if byte == UInt8(ascii: "\r") {
            state = state == .trailerStart ? .endLF : .trailerLF
        } else if byte.isFieldValue {
            state = .trailer
        } else {
            throw .malformed("a trailer has a control character")
        }
    }

    private func expect(_ byte: UInt8, _ wanted: Unicode.Scalar) throws(Problem) {
        guard byte == UInt8(ascii: wanted) else { throw .malformed("a chunk does not end in CRLF") }
    }
}

/// Checks UTF-8 as it arrives, in pieces cut anywhere, and fails at the first byte that cannot be right.
///
/// Overlong forms, surrogates and values beyond U+10FFFF are refused (RFC 3629, Unicode table 3-7). Four bytes of state.
struct UTF8Validator: Sendable {
    /// Continuation bytes still owed by the current character.
    private var owed: UInt8 = 0
    /// The range the next of them must lie in: narrower than 80..BF right after some lead bytes.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    /// Whether the bytes so far end with a whole character.
    var isComplete: Bool { owed == 0 }

    /// Takes the next bytes; false as soon as one of them is wrong.
    mutating func accept(_ bytes: Span<UInt8>) -> Bool {
        let raw = unsafe bytes.bytes
        var index = 0
        while index < bytes.count {
            if owed == 0 {
                index = Self.skipASCII(raw, from: index)
                guard index < bytes.count else { return true }
            }
            guard accept(bytes[index]) else { return false }
            index &+= 1
        }
        return true
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        if owed == 0 { return begin(byte) }
        guard byte >= lowest, byte <= highest else { return false }
        owed -= 1
        (lowest, highest) = (0x80, 0xBF)
        return true
    }

    private mutating func begin(_ lead: UInt8) -> Bool {
        switch lead {
        case 0x00...0x7F: break
        case 0xC2...0xDF: owed = 1
        case 0xE0: (owed, lowest) = (2, 0xA0)
        case 0xED: (owed, highest) = (2, 0x9F)
        case 0xE1...0xEF: owed = 2
        case 0xF0: (owed, lowest) = (3, 0x90)
        case 0xF1...0xF3: owed = 3
        case 0xF4: (owed, highest) = (3, 0x8F)
        default: return false
        }
        return true
    }

    /// The index of the first byte from `start` on that is not ASCII.
    private static func skipASCII(_ bytes: RawSpan, from start: Int) -> Int {
        var index = start
        while index &+ 8 <= bytes.byteCount,
            unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080
                == 0
        {
            index &+= 8
        }
        while index < bytes.byteCount, unsafe bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self) < 0x80 {
            index &+= 1
        }
        return index
    }
}

/// Escapes the contents of JSON strings (RFC 8259, section 7).
enum JSONEscaping {
    /// Appends `utf8`, with every quote, backslash and control character escaped.
    ///
    /// Text that needs no escaping, which is nearly all of it, is copied in one piece.
    @unsafe static func append(_ utf8: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        var copied = 0
        while true {
            let next = unsafe firstSpecial(in: utf8, from: copied)
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied..<next]))
            guard next < utf8.count else { return }
            unsafe appendEscape(of: utf8[next], to: &bytes)
            copied = next + 1
        }
    }

    /// The index of the first byte at or after `start` that must be escaped, or the count if there is none.
    private static func firstSpecial(in utf8: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        let raw = UnsafeRawBufferPointer(utf8)
        while index + 8 <= raw.count {
            let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let found = specialBytes(of: UInt64(littleEndian: word))
            // A borrow can mark bytes above a true find, never below it, so the lowest mark is exact.
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < raw.count, unsafe !needsEscape(utf8[index]) {
            index += 1
        }
        return index
    }

    /// The top bit of the first byte of `word` that must be escaped is set; see "Bit Twiddling Hacks", Anderson.
    private static func specialBytes(of word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let isControl = (word &- ones &* 0x20) & ~word
        let isQuote = (quotes &- ones) & ~quotes
        let isBackslash = (backslashes &- ones) & ~backslashes
        return (isControl | isQuote | isBackslash) & tops
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(hexDigit(byte >> 4))
            bytes.append(hexDigit(byte & 15))
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

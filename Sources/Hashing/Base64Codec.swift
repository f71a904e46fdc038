/// The two alphabets of RFC 4648 and whether padding is written and demanded; never both kinds are understood.
struct Base64Codec: Sendable {
    private static let padding = UInt8(ascii: "=")
    /// Marks a byte outside the alphabet; real values are below 64.
    private static let invalid: UInt8 = 0xFF

    private let alphabet: [UInt8]
    private let values: [UInt8]
    private let isPadded: Bool

    init(last character62: Unicode.Scalar, _ character63: Unicode.Scalar, isPadded: Bool) {
        let common = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        let alphabet = Array(common.utf8) + [UInt8(ascii: character62), UInt8(ascii: character63)]
        var values = [UInt8](repeating: Self.invalid, count: 256)
        for (value, character) in alphabet.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        self.alphabet = alphabet
        self.values = values
        self.isPadded = isPadded
    }

    func encode(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let available = min(3, bytes.count - index)
            var group: UInt32 = 0
            for position in 0..<3 {
                group = group << 8 | (position < available ? UInt32(bytes[index + position]) : 0)
            }
            for position in 0..<4 where position <= available {
                text.append(alphabet[Int(group >> UInt32(18 - 6 * position) & 63)])
            }
            index += available
        }
        while isPadded && !text.count.isMultiple(of: 4) {
            text.append(Self.padding)
        }
        return String(decoding: text, as: UTF8.self)
    }

    func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard let length = significantLength(of: text) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for index in 0..<length {
            let value = values[Int(text[index])]
            guard value != Self.invalid else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        // Bits beyond the last byte must be zero, or several texts would name the same bytes.
        guard bits & (1 << UInt32(bitCount) - 1) == 0 else { return nil }
        return bytes
    }

    /// The number of characters before the padding, or nil if length and padding do not fit each other.
    private func significantLength(of text: Span<UInt8>) -> Int? {
        var length = text.count
        if isPadded {
            guard length.isMultiple(of: 4) else { return nil }
            while length > 0, text.count - length < 2, text[length - 1] == Self.padding {
                length -= 1
            }
        }
        return length % 4 == 1 ? nil : length
    }
}

/// A UUID (RFC 9562), 16 bytes, written in lower case with hyphens.
package struct UniversalID: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// The two halves in network order.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The UUID of 16 bytes; nil for any other number of them.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads `8-4-4-4-12` hexadecimal digits of either case; nil for anything else.
    package init?(_ text: some StringProtocol) {
        var digits: [UInt8] = []
        digits.reserveCapacity(32)
        var position = 0
        for byte in text.utf8 {
            switch (position, byte) {
            case (8, UInt8(ascii: "-")), (13, UInt8(ascii: "-")), (18, UInt8(ascii: "-")), (23, UInt8(ascii: "-")):
                break
            case (8, _), (13, _), (18, _), (23, _), (36..., _): return nil
            case (_, UInt8(ascii: "0")...UInt8(ascii: "9")): digits.append(byte - 48)
            case (_, UInt8(ascii: "a")...UInt8(ascii: "f")): digits.append(byte - 87)
            case (_, UInt8(ascii: "A")...UInt8(ascii: "F")): digits.append(byte - 55)
            default: return nil
            }
            position += 1
        }
        guard digits.count == 32 else { return nil }
        high = digits.prefix(16).reduce(0) { $0 << 4 | UInt64($1) }
        low = digits.suffix(16).reduce(0) { $0 << 4 | UInt64($1) }
    }

    /// A random UUID (version 4).
    package static func random() -> UniversalID {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    /// A random UUID (version 4) from a generator of the caller's.
    package static func random(using generator: inout some RandomNumberGenerator) -> UniversalID {
        UniversalID(
            high: generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
            low: generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        )
    }

    /// The 16 bytes in network order.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }

    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The client's name for one operation, unique within a chat and its sender: the key of exactly-once.
package typealias OperationID = UniversalID
/// Names a login on a device.
package typealias SessionID = UniversalID
/// Names a batch of operations committed together.
package typealias BatchID = UniversalID
/// Names a running server process.
package typealias NodeID = UniversalID

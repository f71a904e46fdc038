import Testing

@testable import Web

@Suite struct WebSocketMaskTests {
    @Test func `eight bytes at a time gives what one byte at a time gives`() {
        let key: [UInt8] = [0x37, 0xFA, 0x00, 0x3D]
        let mask = WebSocketMask(key: 0x3D00_FA37)
        for count in 0..<40 {
            for skipped in 0..<9 {
                let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
                var turned = mask
                turned.advance(by: skipped)
                var masked = [0xAA, 0xBB] + plain
                turned.apply(to: &masked, from: 2)
                let expected = plain.enumerated().map { $1 ^ key[($0 + skipped) % 4] }
                #expect(masked == [0xAA, 0xBB] + expected)
            }
        }
    }
}

@Suite struct UTF8ValidatorTests {
    @Test func `a bad byte is found wherever it stands among others`() {
        for length in 1..<40 {
            for position in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: length)
                #expect(isText(bytes))
                bytes[position] = 0xFF
                #expect(!isText(bytes))
            }
        }
    }

    private func isText(_ bytes: [UInt8]) -> Bool {
        var validator = UTF8Validator()
        return validator.accept(bytes.span) && validator.isComplete
    }
}

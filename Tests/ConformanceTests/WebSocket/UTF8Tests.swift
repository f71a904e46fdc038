import Testing
import Web

/// Text is UTF-8, checked as it comes (section 6 of the Autobahn suite; RFC 6455 §8.1).
@Suite struct UTF8Tests {
    /// Valid ends of the ranges, noncharacters, combining marks.
    static let valid = [
        "κόσμε", "Hello-µ@ßöäüàá-UTF-8!!", "\u{0}", "\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{FFFF}", "\u{10000}",
        "\u{10FFFF}", "\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{FFFE}", "\u{1FFFE}", "👩‍👩‍👧‍👦 e\u{301}",
    ]

    /// What must be refused, and at which byte.
    static let invalid: [(bytes: [UInt8], at: Int)] = [
        ([0x80], 1), ([0xBF], 1), ([0xC0, 0xAF], 1), ([0xC1, 0xBF], 1), ([0xFE], 1), ([0xFF], 1), ([0xF5, 0x80], 1),
        ([0xE0, 0x80, 0xAF], 2), ([0xE0, 0x9F, 0xBF], 2), ([0xF0, 0x80, 0x80, 0xAF], 2), ([0xF0, 0x8F, 0xBF, 0xBF], 2),
        ([0xED, 0xA0, 0x80], 2), ([0xED, 0xBF, 0xBF], 2), ([0xF4, 0x90, 0x80, 0x80], 2), ([0xC3, 0x28], 2),
        ([0xE2, 0x28, 0xA1], 2), ([0xE2, 0x82, 0x28], 3), ([0xF0, 0x9F, 0x98, 0x28], 4),
        ([0xF8, 0x88, 0x80, 0x80, 0x80], 1),
        (Array("κόσμε".utf8) + [0xED, 0xA0, 0x80] + Array("edited".utf8), 12),
    ]

    @Test(arguments: valid)
    func `valid text is taken, in one frame and in a frame for each byte`(string: String) {
        let bytes = Array(string.utf8)
        #expect(readEveryWay(clientFrame(.text, bytes)) == .messages(.text(bytes)))
        #expect(readEveryWay(bytewiseFragments(bytes)) == .messages(.text(bytes)))
    }

    @Test(arguments: invalid.indices)
    func `invalid text is refused at its first bad byte`(index: Int) {
        let (bytes, at) = Self.invalid[index]
        let frame = clientFrame(.text, bytes)
        #expect(readEveryWay(frame) == .refused(.invalidPayload))
        #expect(bytesUntilRefused(frame) == 6 + at)
        let fragments = bytewiseFragments(bytes)
        #expect(readEveryWay(fragments) == .refused(.invalidPayload))
        #expect(bytesUntilRefused(fragments) == 7 * at)
    }

    @Test func `a message ending within a character is refused when it ends`() {
        for string in ["é", "€", "😀"] {
            for count in 1..<string.utf8.count {
                let cut = Array("ok".utf8) + Array(string.utf8.prefix(count))
                #expect(readEveryWay(clientFrame(.text, cut)) == .refused(.invalidPayload))
                #expect(readEveryWay(bytewiseFragments(cut)) == .refused(.invalidPayload))
            }
        }
    }

    @Test func `a character may span fragments with a ping between its bytes`() {
        let stream =
            clientFrame(.text, [0xF0, 0x9F], final: false) + clientFrame(.ping, [0xFF])
            + clientFrame(.continuation, [0x98], final: false) + clientFrame(.continuation, [0x80])
        #expect(readEveryWay(stream) == .events(.ping([0xFF]), .message(text("😀"))))
    }

    @Test func `an unfinished character does not spoil the next message`() {
        let stream = clientFrame(.text, Array("a€".utf8)) + clientFrame(.binary, [0xE2, 0x82]) + clientText("é")
        #expect(readEveryWay(stream) == .messages(text("a€"), .binary([0xE2, 0x82]), text("é")))
    }

    @Test func `binary messages may hold any bytes`() {
        let bytes = (0..<256).map { UInt8($0) }
        #expect(readEveryWay(clientFrame(.binary, bytes)) == .messages(.binary(bytes)))
    }

    @Test func `every two bytes and every edge of four are judged as the standard library judges them`() {
        let edges: [UInt8] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4,
            0xF5, 0xFF,
        ]
        func judge(_ bytes: [UInt8]) -> Bool {
            (Reading(clientFrame(.text, bytes)).error == nil) == (String(validating: bytes, as: UTF8.self) != nil)
        }
        var wrong: [[UInt8]] = []
        for first in UInt8.min...UInt8.max {
            for second in stride(from: 0, to: 256, by: 1) where !judge([first, UInt8(second)]) {
                wrong.append([first, UInt8(second)])
            }
        }
        for first in edges where first >= 0xC2 {
            for second in edges {
                for third in edges {
                    for fourth in edges where !judge([first, second, third, fourth]) {
                        wrong.append([first, second, third, fourth])
                    }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    private func bytewiseFragments(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return clientFrame(.text) }
        return bytes.indices.flatMap { index in
            clientFrame(
                index == 0 ? .text : .continuation,
                [bytes[index]],
                final: index == bytes.count - 1
            )
        }
    }
}

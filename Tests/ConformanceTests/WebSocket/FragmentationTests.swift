import Support
import Testing
import Web

/// Fragments and what may come between them (sections 5 and 10 of the Autobahn suite; RFC 6455 §5.4).
@Suite struct FragmentationTests {
    private func fragments(of payload: [UInt8], size: Int, opcode: WebSocketOpcode) -> [[UInt8]] {
        stride(from: 0, to: payload.count, by: size).map { start in
            let end = min(start + size, payload.count)
            return clientFrame(
                start == 0 ? opcode : .continuation,
                Array(payload[start..<end]),
                final: end == payload.count
            )
        }
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1_000, 4_096])
    func `a message is joined from fragments of any size`(size: Int) {
        let payload = (0..<4_096).map { UInt8(truncatingIfNeeded: $0 % 127) }
        let text = fragments(of: payload, size: size, opcode: .text).flatMap { $0 }
        #expect(readEveryWay(text) == .messages(.text(payload)))
        let binary = fragments(of: payload, size: size, opcode: .binary).flatMap { $0 }
        #expect(readEveryWay(binary) == .messages(.binary(payload)))
    }

    @Test func `control frames between fragments come at once and disturb nothing`() {
        let stream =
            clientText("one ", final: false) + clientFrame(.ping, [1]) + clientFrame(.continuation, [], final: false)
            + clientFrame(.pong, [2]) + clientFrame(.continuation, Array("two".utf8)) + clientText("three")
        let expected = Reading.events(.ping([1]), .pong([2]), .message(text("one two")), .message(text("three")))
        #expect(readEveryWay(stream) == expected)
    }

    @Test func `a close between fragments ends the stream`() {
        let stream = clientText("half", final: false) + clientFrame(.close, [0x03, 0xE8])
        #expect(readEveryWay(stream) == .events(.close(.init(.normal))))
    }

    @Test func `empty fragments make an empty message`() {
        let stream =
            clientFrame(.text, [], final: false) + clientFrame(.continuation, [], final: false)
            + clientFrame(.continuation)
        #expect(readEveryWay(stream) == .messages(.text([])))
    }

    @Test(arguments: [true, false])
    func `a continuation of nothing is refused`(isFinal: Bool) {
        let lone = clientFrame(.continuation, [1, 2, 3], final: isFinal)
        #expect(readEveryWay(lone) == .refused(.protocolError))
        let afterMessage = clientText("a", final: false) + clientFrame(.continuation, [0x62]) + lone
        #expect(readEveryWay(afterMessage) == .refused(.protocolError, after: .message(text("ab"))))
    }

    @Test(arguments: [WebSocketOpcode.text, .binary], [true, false])
    func `a new message within a message is refused`(opcode: WebSocketOpcode, isFinal: Bool) {
        let stream = clientText("half", final: false) + clientFrame(opcode, [0x61], final: isFinal)
        #expect(readEveryWay(stream) == .refused(.protocolError))
    }

    @Test func `random fragments, controls and cuts make the same messages`() {
        var random = SplitMix64(seed: 42)
        for round in 0..<100 {
            var stream: [UInt8] = []
            var expected: [WebSocketMessageAssembler.Event] = []
            for _ in 0..<10 {
                let payload = (0..<Int.random(in: 1...400, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let size = Int.random(in: 1...payload.count, using: &random)
                for part in fragments(of: payload, size: size, opcode: .binary) {
                    if Int.random(in: 0..<4, using: &random) == 0 {
                        stream += clientFrame(.ping, [7])
                        expected.append(.ping([7]))
                    }
                    stream += part
                }
                expected.append(.message(.binary(payload)))
            }
            let cuts = (0..<50).map { _ in Int.random(in: 0...stream.count, using: &random) }.sorted()
            #expect(Reading(stream, cuts: cuts).events == expected, "round \(round)")
        }
    }

    @Test func `random bytes are refused or read, the same however they are cut`() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<2_000 {
            var bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            bytes[0] &= 0x8F
            bytes[1] |= 0x80
            #expect(readEveryWay(bytes) != nil)
        }
    }
}

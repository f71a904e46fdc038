import IOCore
import Testing
import Web

/// Framing, reserved bits and opcodes, limits (sections 1, 3, 4 and 9 of the Autobahn suite; RFC 6455 §5.2).
@Suite struct FramingTests {
    /// RFC 6455 §5.7, as printed there: nothing of ours made these bytes.
    @Test func `the examples of the RFC are read`() {
        let hello: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(readEveryWay(hello) == .messages(text("Hello")))
        let unmasked: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(readEveryWay(unmasked, role: .client) == .messages(text("Hello")))
        let fragments: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F]
        #expect(readEveryWay(fragments, role: .client) == .messages(text("Hello")))
        let ping: [UInt8] = [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(readEveryWay(ping, role: .client) == .events(.ping(Array("Hello".utf8))))
        let pong: [UInt8] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(readEveryWay(pong) == .events(.pong(Array("Hello".utf8))))
        let binary256 = [0x82, 0x7E, 0x01, 0x00] + [UInt8](repeating: 9, count: 256)
        #expect(readEveryWay(binary256, role: .client) == .messages(.binary(.init(repeating: 9, count: 256))))
        let binary64K = [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 9, count: 65_536)
        #expect(readEveryWay(binary64K, role: .client) == .messages(.binary(.init(repeating: 9, count: 65_536))))
    }

    @Test(arguments: [0, 1, 7, 8, 9, 124, 125, 126, 127, 128, 1_000, 65_535, 65_536, 131_072])
    func `every length comes back as it was sent`(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
        #expect(readEveryWay(clientFrame(.binary, payload)) == .messages(.binary(payload)))
        let ascii = payload.map { $0 & 0x7F }
        #expect(readEveryWay(clientFrame(.text, ascii)) == .messages(.text(ascii)))
        #expect(readEveryWay(SharedFrame.text(ascii).plain.bytes, role: .client) == .messages(.text(ascii)))
    }

    @Test func `frames following each other are all read`() {
        let stream = (0..<20).flatMap { clientText("message \($0)") }
        let expected = (0..<20).map { WebSocketMessageAssembler.Event.message(text("message \($0)")) }
        #expect(readEveryWay(stream)?.events == expected)
    }

    @Test func `a client must mask and a server must not`() {
        let unmasked = WebSocketFrameEncoder.encode(.text, Array("Hello".utf8))
        #expect(readEveryWay(unmasked) == .refused(.protocolError))
        #expect(bytesUntilRefused(unmasked) == 2)
        #expect(readEveryWay(clientText("Hello"), role: .client) == .refused(.protocolError))
    }

    @Test(arguments: [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] as [UInt8], [0, 1, 2, 8, 9, 10] as [UInt8])
    func `a reserved bit is refused at its byte`(bits: UInt8, opcode: UInt8) {
        let stream = clientText("before") + [0x80 | bits | opcode, 0x80, 1, 2, 3, 4]
        #expect(readEveryWay(stream) == .refused(.protocolError, after: .message(text("before"))))
        #expect(bytesUntilRefused(stream) == clientText("before").count + 1)
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func `a reserved opcode is refused at its byte`(opcode: UInt8) {
        for first in [opcode, 0x80 | opcode] {
            let stream = clientText("before") + [first, 0x80, 1, 2, 3, 4]
            #expect(readEveryWay(stream) == .refused(.protocolError, after: .message(text("before"))))
            #expect(bytesUntilRefused(stream) == clientText("before").count + 1)
        }
    }

    @Test func `a length must have its shortest form`() {
        let mask: [UInt8] = [1, 2, 3, 4]
        #expect(readEveryWay([0x82, 0xFE, 0, 125] + mask) == .refused(.protocolError))
        #expect(readEveryWay([0x82, 0xFE, 0, 0] + mask) == .refused(.protocolError))
        #expect(readEveryWay([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + mask) == .refused(.protocolError))
        #expect(readEveryWay([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5] + mask) == .refused(.protocolError))
    }

    @Test func `a length with its highest bit set breaks the protocol whatever the limit`() {
        let stream: [UInt8] = [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
        #expect(readEveryWay(stream) == .refused(.protocolError))
        #expect(readEveryWay(stream, limits: .init(frameBytes: .max, messageBytes: .max)) == .refused(.protocolError))
        let largest: [UInt8] = [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4]
        #expect(readEveryWay(largest) == .refused(.messageTooBig))
    }

    @Test func `a frame too large is refused by its header`() {
        let limits = WebSocketLimits(frameBytes: 1_000, messageBytes: 5_000)
        let fits = [UInt8](repeating: 1, count: 1_000)
        #expect(readEveryWay(clientFrame(.binary, fits), limits: limits) == .messages(.binary(fits)))
        let tooLarge = clientFrame(.binary, fits + [1])
        #expect(readEveryWay(tooLarge, limits: limits) == .refused(.messageTooBig))
        #expect(bytesUntilRefused(tooLarge, limits: limits) == 4)
    }

    @Test func `a message too large is refused by the header that takes it past the limit`() {
        let limits = WebSocketLimits(frameBytes: 1_000, messageBytes: 1_500)
        let half = [UInt8](repeating: 1, count: 750)
        let first = clientFrame(.binary, half, final: false)
        #expect(
            readEveryWay(first + clientFrame(.continuation, half), limits: limits) == .messages(.binary(half + half))
        )
        let beyond = first + clientFrame(.continuation, half + [1])
        #expect(readEveryWay(beyond, limits: limits) == .refused(.messageTooBig))
        #expect(bytesUntilRefused(beyond, limits: limits) == first.count + 8)
    }

    @Test func `the default limit is 128 KiB`() {
        let stream = clientFrame(.binary, .init(repeating: 0, count: 131_073))
        #expect(readEveryWay(stream) == .refused(.messageTooBig))
    }

    @Test func `an assembler between messages is smaller than 200 bytes`() {
        #expect(MemoryLayout<WebSocketMessageAssembler>.size < 200)
    }
}

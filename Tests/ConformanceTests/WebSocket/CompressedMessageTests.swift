import Support
import Testing

@testable import Web

/// Messages marked with RSV1 (RFC 7692 §6 and §7.2; section 12 of the Autobahn suite).
@Suite struct CompressedMessageTests {
    private let compression = agreedCompression()

    /// A frame of a client with this compressed payload.
    private func compressed(_ payload: [UInt8]) -> [UInt8] { clientFrame(.text, payload, compressed: true) }

    private func read(_ bytes: [UInt8], limits: WebSocketLimits = .init()) -> Reading? {
        readEveryWay(bytes, limits: limits, compression: compression)
    }

    @Test(
        arguments: [
            [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],  // §7.2.3.1
            [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],  // §7.2.3.3, no compression
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],  // §7.2.3.4, the last block marked
            [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],  // §7.2.3.5, two blocks
        ] as [[UInt8]]
    )
    func `the examples of the RFC are read`(payload: [UInt8]) {
        #expect(read(compressed(payload)) == .messages(text("Hello")))
    }

    @Test func `an empty message is a single byte`() {
        #expect(read(compressed([0x00])) == .messages(text("")))
    }

    @Test func `fragments are one message, with control frames between them`() {
        let stream =
            clientFrame(.text, [0xF2, 0x48, 0xCD], final: false, compressed: true) + clientFrame(.ping, [1])
            + clientFrame(.continuation, [], final: false) + clientFrame(.continuation, [0xC9, 0xC9, 0x07, 0x00])
            + clientText("plain") + compressed([0x00])
        #expect(
            read(stream) == .events(.ping([1]), .message(text("Hello")), .message(text("plain")), .message(text("")))
        )
    }

    @Test func `only the first frame of a message may be marked, and only where compression was agreed on`() {
        let continuation = clientText("a", final: false) + clientFrame(.continuation, [0x61], compressed: true)
        #expect(read(continuation) == .refused(.protocolError))
        for control in [0xC8, 0xC9, 0xCA] as [UInt8] {
            #expect(read([control, 0x80, 0, 0, 0, 0]) == .refused(.protocolError))
        }
        for reserved in [0xE1, 0xD1, 0xA1, 0x91] as [UInt8] {
            #expect(read([reserved, 0x80, 0, 0, 0, 0]) == .refused(.protocolError))
        }
        #expect(readEveryWay(compressed([0x00])) == .refused(.protocolError))
    }

    @Test(
        arguments: [
            [0xFF, 0xFF, 0xFF], [0x07],  // no such kind of block
            [0xF2, 0x48, 0xCD, 0xC9], [],  // cut off
            [0x00, 0x05, 0x00, 0xFA, 0xFE, 0x48],  // a length that does not match its complement
        ] as [[UInt8]]
    )
    func `what is no deflate is refused with 1007`(payload: [UInt8]) {
        #expect(read(compressed(payload)) == .refused(.invalidPayload))
    }

    @Test func `a message may not refer to the one before it, on the same socket or another`() {
        let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        // §7.2.3.2: "Hello" as a copy out of a window that has been kept.
        let copy = compressed([0xF2, 0x00, 0x11, 0x00, 0x00])
        #expect(read(compressed(hello) + copy) == .refused(.invalidPayload, after: .message(text("Hello"))))
        #expect(Reading(compressed(hello), compression: compression) == .messages(text("Hello")))
        #expect(Reading(copy, compression: compression) == .refused(.invalidPayload))
    }

    @Test func `the text inside is checked for UTF-8, at its first bad byte`() {
        let payload = Array("Hello-µ@ßöä".utf8) + [0xED, 0xA0, 0x80] + Array("edited".utf8)
        let wire = deflated(payload + [UInt8](repeating: 0x61, count: 1_000))
        #expect(read(compressed(wire)) == .refused(.invalidPayload))
        let whole = clientFrame(.text, wire, compressed: true)
        let limits = WebSocketLimits(frameBytes: 65_536, messageBytes: 65_536)
        #expect(Reading(Array(whole.dropLast(4)), limits: limits, compression: compression).error == .invalidPayload)
        #expect(read(clientFrame(.binary, wire, compressed: true))?.error == nil)
    }

    @Test(arguments: [256, 1_000, 16_383, 16_384, 16_385, 65_536, 131_072])
    func `a message of any size up to the limit is read, and one byte more refused`(count: Int) {
        let limits = WebSocketLimits(frameBytes: count, messageBytes: count)
        let payload = [UInt8](repeating: 0x61, count: count)
        let fitting = Reading(compressed(deflated(payload)), limits: limits, compression: compression)
        #expect(fitting == .messages(.text(payload)))
        let over = Reading(compressed(deflated(payload + [0x61])), limits: limits, compression: compression)
        #expect(over == .refused(.messageTooBig))
    }

    @Test func `a bomb is refused before it takes more memory than a message that fits`() {
        let bomb = deflated([UInt8](repeating: 0, count: 32 << 20))
        #expect(bomb.count < 65_536)
        let limits = WebSocketLimits(frameBytes: 65_536, messageBytes: 65_536)
        #expect(
            Reading(clientFrame(.binary, bomb, compressed: true), limits: limits, compression: compression)
                == .refused(.messageTooBig)
        )
        var message: [UInt8] = []
        #expect(throws: WebSocketProtocolError.tooBig(limit: 65_536)) {
            try Inflater().decompress(bomb.span, into: &message, maximumBytes: 65_536)
        }
        #expect(message.capacity <= 2 * 65_536)
    }

    @Test func `random payloads are read or refused, the same however they are cut`() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<500 {
            let payload = (0..<24).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(read(clientFrame(.binary, payload, compressed: true)) != nil)
        }
    }

    @Test func `random messages survive random fragments and cuts`() {
        var random = SplitMix64(seed: 5)
        for round in 0..<50 {
            let payload = (0..<Int.random(in: 256...5_000, using: &random)).map { _ in
                UInt8.random(in: 0...7, using: &random)
            }
            let wire = deflated(payload)
            let middle = Int.random(in: 0...wire.count, using: &random)
            let stream =
                clientFrame(.binary, Array(wire[..<middle]), final: false, compressed: true)
                + clientFrame(.continuation, Array(wire[middle...]))
            let cuts = (0..<8).map { _ in Int.random(in: 0...stream.count, using: &random) }.sorted()
            let reading = Reading(stream, cuts: cuts, compression: compression)
            #expect(reading == .messages(.binary(payload)), "round \(round)")
        }
    }
}

/// Compression as agreed on for an offer without parameters, with contexts of its own.
func agreedCompression() -> WebSocketCompression {
    let offers = ["permessage-deflate"].compactMap(WebSocketExtension.init(parsing:))
    guard let agreement = PerMessageDeflate.accept(offers) else { preconditionFailure("the plainest offer is taken") }
    return WebSocketCompression(agreement, contexts: DeflateContexts())
}

/// A message compressed by itself; it must gain by that.
func deflated(_ message: [UInt8]) -> [UInt8] {
    guard let compressed = Deflater(windowBits: 15).compress(message.span) else {
        preconditionFailure("a message for a test of compression is to be compressible")
    }
    return compressed
}

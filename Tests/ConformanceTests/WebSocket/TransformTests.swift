import Testing
import Web

/// An extension for the tests: doubles every byte on the wire.
private final class Doubling: WebSocketMessageTransform {
    private var pending: UInt8?

    func decode(
        _ bytes: Span<UInt8>,
        isFinal: Bool,
        into message: inout [UInt8],
        maximumBytes: Int
    ) throws(WebSocketProtocolError) {
        for index in bytes.indices {
            guard let first = pending else {
                pending = bytes[index]
                continue
            }
            guard first == bytes[index] else { throw .violation("not doubled") }
            guard message.count < maximumBytes else { throw .tooBig(limit: maximumBytes) }
            message.append(first)
            pending = nil
        }
    }

    func encode(_ message: [UInt8]) -> [UInt8]? { message.flatMap { [$0, $0] } }
}

/// The place of permessage-deflate: messages marked with RSV1 (RFC 7692 §6).
@Suite struct TransformTests {
    private let doubled = Array("hhééll".utf8.flatMap { [$0, $0] })

    @Test func `a marked message goes through the extension, fragments and cuts and all`() {
        let stream =
            clientFrame(.text, Array(doubled[..<5]), final: false, transformed: true) + clientFrame(.ping)
            + clientFrame(.continuation, Array(doubled[5...])) + clientText("plain")
        for cut in stream.indices {
            let reading = Reading(stream, cuts: [cut], transform: Doubling())
            #expect(reading == .events(.ping([]), .message(text("hhééll")), .message(text("plain"))))
        }
    }

    @Test func `only the first frame of a message may be marked`() {
        let continuation =
            clientFrame(.text, [0x61], final: false) + clientFrame(.continuation, [0x61], transformed: true)
        #expect(Reading(continuation, transform: Doubling()) == .refused(.protocolError))
        #expect(Reading([0xC9, 0x80, 0, 0, 0, 0], transform: Doubling()) == .refused(.protocolError))
    }

    @Test func `what the extension makes is checked for UTF-8 and length`() {
        let bad = clientFrame(.text, [0xFF, 0xFF], transformed: true)
        #expect(Reading(bad, transform: Doubling()) == .refused(.invalidPayload))
        let part = [UInt8](repeating: 1, count: 6)
        let long =
            clientFrame(.binary, part, final: false, transformed: true)
            + clientFrame(.continuation, part, final: false) + clientFrame(.continuation, part)
        let limits = WebSocketLimits(frameBytes: 7, messageBytes: 7)
        #expect(Reading(long, limits: limits, transform: Doubling()).error == .messageTooBig)
    }
}

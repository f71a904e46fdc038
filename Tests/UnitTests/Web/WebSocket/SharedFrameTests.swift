import IOCore
import Testing

@testable import Web

@Suite struct SharedFrameTests {
    private let contexts = DeflateContexts()

    private func compression(_ parameters: String = "") throws -> WebSocketCompression {
        let offer = try #require(WebSocketExtension(parsing: "permessage-deflate\(parameters)"))
        return WebSocketCompression(try #require(PerMessageDeflate.accept([offer])), contexts: contexts)
    }

    /// What a client with a window of 2^windowBits bytes, fresh as after every message, makes of a frame.
    private func inflate(_ frame: [UInt8], windowBits: Int) throws -> [UInt8] {
        try #require(frame[0] == 0xC1)
        let header = frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : 10
        let inflater = Inflater(windowBits: windowBits)
        var message: [UInt8] = []
        try inflater.decompress(frame.span.extracting(header..<frame.count), into: &message, maximumBytes: 1 << 20)
        try inflater.finish(into: &message, maximumBytes: 1 << 20)
        return message
    }

    /// Bytes with repetitions `distance` apart, and none nearer.
    private func text(count: Int, repeatingAfter distance: Int) -> [UInt8] {
        var state: UInt32 = 1
        let unit = (0..<distance).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(32 + (state >> 24) % 90)
        }
        return (0..<count).map { unit[$0 % distance] }
    }

    @Test func `the compressed form is made once and shared by all sockets that agreed on it`() throws {
        let payload = text(count: 1_000, repeatingAfter: 100)
        let frame = SharedFrame.text(payload)
        let first = frame.form(for: try compression()).bytes
        let second = frame.form(for: try compression("; server_max_window_bits=10")).bytes
        let areShared = unsafe first.withUnsafeBufferPointer { first in
            unsafe second.withUnsafeBufferPointer { unsafe $0.baseAddress == first.baseAddress }
        }
        #expect(areShared)
        #expect(first.count < 300)
        #expect(try inflate(first, windowBits: 10) == payload)
        #expect(frame.form(for: nil).bytes == [0x81, 126, 0x03, 0xE8] + payload)
    }

    @Test func `a message larger than the peer's window is compressed within it`() throws {
        let payload = text(count: 20_000, repeatingAfter: 4_000)
        let frame = SharedFrame.text(payload)
        let wide = frame.form(for: try compression()).bytes
        let narrow = frame.form(for: try compression("; server_max_window_bits=9")).bytes
        #expect(wide.count < narrow.count && narrow.count < payload.count)
        #expect(try inflate(narrow, windowBits: 9) == payload)
        #expect(try inflate(wide, windowBits: 15) == payload)
        #expect(throws: WebSocketProtocolError.invalidCompression) { try inflate(wide, windowBits: 9) }
    }

    @Test func `a short message, and one that gains nothing, goes as it is`() throws {
        let short = SharedFrame.text([UInt8](repeating: 0x61, count: DeflateContexts.smallestBytes - 1))
        #expect(short.form(for: try compression()).bytes == short.plain.bytes)
        var random = SystemRandomNumberGenerator()
        let noise = SharedFrame.binary((0..<1_000).map { _ in .random(in: .min ... .max, using: &random) })
        #expect(noise.form(for: try compression()).bytes == noise.plain.bytes)
    }

    @Test func `nothing of one message is left in the next`() throws {
        let secret = text(count: 600, repeatingAfter: 599)
        let compression = try compression()
        let first = SharedFrame.text(secret).form(for: compression).bytes
        let again = SharedFrame.text(secret).form(for: compression).bytes
        #expect(first == again)
        #expect(try inflate(again, windowBits: 15) == secret)
    }
}

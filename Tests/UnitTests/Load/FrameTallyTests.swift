import Testing

@testable import duologue_load

struct FrameTallyTests {
    private static let counted = [UInt8](arrayLiteral: 0x81, 126, 0x01, 0x2C) + [UInt8](repeating: 0x0D, count: 300)
    private static let other: [UInt8] = [0x81, 5, 1, 2, 3, 4, 5]
    private static let empty: [UInt8] = [0x89, 0]
    private static let long =
        [UInt8](arrayLiteral: 0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0) + [UInt8](repeating: 7, count: 65_536)

    @Test(arguments: [1, 2, 3, 7, 304, 1_000_000])
    func `frames of the size are counted, however the bytes are cut`(size: Int) {
        let head = Array("HTTP/1.1 101 Switching Protocols\r\n\r\r\nX: y\r\n\r\n".utf8)
        let stream =
            head + Self.other + Self.counted + Self.empty + Self.long + Self.counted + Self.counted + Self.other
        var tally = FrameTally(payloadBytes: 300, afterHandshake: true)
        var count = 0
        for start in stride(from: 0, to: stream.count, by: size) {
            count += tally.take(stream[start..<min(start + size, stream.count)].span)
        }
        #expect(count == 3)
        let (most, last) = (Self.counted.dropLast(), Self.counted.suffix(1))
        let unfinished = tally.take(most.span)
        let finished = tally.take(last.span)
        #expect(unfinished == 0 && finished == 1)
    }
}

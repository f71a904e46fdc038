import Testing
import Web

/// Pings, pongs and closing (sections 2 and 7 of the Autobahn suite; RFC 6455 §5.5 and §7.4).
@Suite struct ControlFrameTests {
    @Test(arguments: [0, 1, 8, 124, 125])
    func `a ping and a pong carry up to 125 bytes of anything`(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: 0xFE &- $0) }
        #expect(readEveryWay(clientFrame(.ping, payload)) == .events(.ping(payload)))
        #expect(readEveryWay(clientFrame(.pong, payload)) == .events(.pong(payload)))
    }

    @Test(arguments: [0x88, 0x89, 0x8A] as [UInt8], [126, 127] as [UInt8])
    func `a longer control frame is refused by its second byte`(first: UInt8, length: UInt8) {
        let stream = [first, 0x80 | length, 0, 126, 1, 2, 3, 4] + [UInt8](repeating: 0x61, count: 126)
        #expect(readEveryWay(stream) == .refused(.protocolError))
        #expect(bytesUntilRefused(stream) == 2)
    }

    @Test(arguments: [0x08, 0x09, 0x0A] as [UInt8])
    func `a fragmented control frame is refused by its first byte`(first: UInt8) {
        #expect(bytesUntilRefused([first, 0x80, 1, 2, 3, 4]) == 1)
    }

    @Test func `many pings in one piece are all seen in order`() {
        let stream = (0..<10).flatMap { clientFrame(.ping, [UInt8($0)]) }
        let expected = (0..<10).map { WebSocketMessageAssembler.Event.ping([UInt8($0)]) }
        #expect(readEveryWay(stream)?.events == expected)
    }

    @Test func `a close without a payload has no status`() {
        #expect(readEveryWay(clientFrame(.close)) == .events(.close(.init(.noStatus))))
    }

    @Test func `half a close code is refused`() {
        #expect(readEveryWay(clientFrame(.close, [0x03])) == .refused(.protocolError))
    }

    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
    func `a close code that may be sent is taken`(code: UInt16) {
        let status = WebSocketCloseStatus(.init(rawValue: code), "a reason, and ünïcode")
        let stream = clientFrame(.close, WebSocketFrameEncoder.closePayload(status))
        #expect(readEveryWay(stream) == .events(.close(status)))
    }

    @Test(arguments: [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
    func `a close code that may not be sent is refused`(code: UInt16) {
        let payload = [UInt8(code >> 8), UInt8(code & 0xFF)]
        #expect(readEveryWay(clientFrame(.close, payload)) == .refused(.protocolError))
        #expect(readEveryWay(clientFrame(.close, payload + Array("why".utf8))) == .refused(.protocolError))
        #expect(WebSocketFrameEncoder.closePayload(.init(.init(rawValue: code))).isEmpty)
    }

    @Test func `a close reason may fill the frame`() {
        let status = WebSocketCloseStatus(.normal, String(repeating: "x", count: 123))
        let stream = clientFrame(.close, WebSocketFrameEncoder.closePayload(status))
        #expect(readEveryWay(stream) == .events(.close(status)))
    }

    @Test func `a close reason that is not UTF-8 is refused with 1007`() {
        let reason: [UInt8] = [0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xED, 0xA0, 0x80]
        #expect(readEveryWay(clientFrame(.close, [0x03, 0xE8] + reason)) == .refused(.invalidPayload))
    }

    @Test func `a long close reason is cut between characters`() {
        let payload = WebSocketFrameEncoder.closePayload(.init(.normal, String(repeating: "€", count: 60)))
        #expect(payload.count == 2 + 41 * 3)
        #expect(String(validating: payload.dropFirst(2), as: UTF8.self) == String(repeating: "€", count: 41))
    }
}

import Testing

@testable import Redis

@Suite struct RedisReplyReaderTests {
    private func read(
        _ text: String,
        limits: RedisReplyLimits = RedisReplyLimits(),
        piece: Int = .max
    ) throws(RedisError) -> [RedisReply] {
        let reader = RedisReplyReader(limits: limits)
        var replies: [RedisReply] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let next = Array(rest.prefix(piece))
            rest = rest.dropFirst(next.count)
            try reader.read(next.span) { reply in
                replies.append(reply)
                return true
            }
        }
        return replies
    }

    private let mixed =
        "+OK\r\n:-42\r\n$-1\r\n$5\r\na\r\nb\0\r\n-ERR no\r\n*0\r\n*-1\r\n*2\r\n*2\r\n:1\r\n$0\r\n\r\n*1\r\n+x\r\n"

    private var expected: [RedisReply] {
        [
            .status("OK"), .integer(-42), .null, .string(Array("a\r\nb\0".utf8)), .error("ERR no"), .array([]), .null,
            .array([.array([.integer(1), .string([])]), .array([.status("x")])]),
        ]
    }

    @Test(arguments: [1, 2, 3, 7, 1000]) func `replies are the same however the bytes are cut`(piece: Int) throws {
        #expect(try read(mixed, piece: piece) == expected)
    }

    @Test func `a string larger than the parser's pieces is whole`() throws {
        let value = String(repeating: "v", count: 1_000_000)
        #expect(try read("$1000000\r\n\(value)\r\n:7\r\n") == [.string(Array(value.utf8)), .integer(7)])
    }

    @Test(arguments: [
        "hello\r\n", "HTTP/1.1 200 OK\r\n", "$abc\r\n", "$-5\r\n", ":1x\r\n", "*-7\r\n", "*99999999999\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "\0\0\0\0", "%1\r\n+a\r\n+b\r\n",
    ])
    func `what is not RESP2 is refused`(text: String) {
        #expect { try read(text) } throws: { ($0 as? RedisError)?.code == .protocolViolation }
    }

    @Test(arguments: [
        "$33554433\r\n", "$9223372036854775807\r\n", "$99999999999999999999\r\n", "*1\r\n$999999999999\r\nabc",
        "*2147483647\r\n", "*1000001\r\n", "*2\r\n*999999\r\n",
    ])
    func `a giant length is refused as soon as it is read`(text: String) {
        #expect { try read(text) } throws: { ($0 as? RedisError)?.code == .protocolViolation }
    }

    @Test(arguments: ["+", "$", "*", ":"]) func `a line without an end is refused`(kind: String) {
        let text = kind + String(repeating: "1", count: 70_000)
        #expect { try read(text) } throws: { ($0 as? RedisError)?.code == .protocolViolation }
    }

    @Test func `the strings of one reply share a limit`() {
        var limits = RedisReplyLimits()
        limits.totalBytes = 10
        #expect(throws: Never.self) { try read("$6\r\nabcdef\r\n$6\r\nabcdef\r\n", limits: limits) }
        #expect(throws: RedisError.self) {
            try read("*2\r\n$6\r\nabcdef\r\n$6\r\nabcdef\r\n", limits: limits)
        }
    }

    @Test func `nothing is delivered after the receiver stopped`() throws {
        let reader = RedisReplyReader(limits: RedisReplyLimits())
        var count = 0
        try reader.read(Array(":1\r\n:2\r\n".utf8).span) { _ in
            count += 1
            return false
        }
        #expect(count == 1)
    }

    @Test func `random bytes never crash the reader`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("+-:$*0123456789\r\n\0ax".utf8)
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            _ = try? read(String(decoding: bytes, as: UTF8.self), piece: Int.random(in: 1...9, using: &generator))
        }
    }
}

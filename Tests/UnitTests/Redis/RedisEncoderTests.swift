import Redis
import Testing

@Suite struct RedisEncoderTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a command is an array of length-prefixed strings`() {
        var encoder = RedisEncoder()
        encoder.append("GET")
        encoder.append("ключ")
        #expect(text(encoder.finish()) == "*2\r\n$3\r\nGET\r\n$8\r\nключ\r\n")
    }

    @Test func `the count may have several digits`() {
        var encoder = RedisEncoder()
        for number in 0..<123 { encoder.append(Int64(number)) }
        #expect(text(encoder.finish()).hasPrefix("*123\r\n$1\r\n0\r\n"))
    }

    @Test func `bytes that look like protocol stay data`() {
        var encoder = RedisEncoder()
        encoder.append("SET")
        encoder.append("k")
        encoder.append([0, 13, 10, 36, 255])
        #expect(Array(encoder.finish().suffix(11)) == Array("$5\r\n".utf8) + [0, 13, 10, 36, 255, 13, 10])
    }

    @Test func `a lifetime is given in seconds where it is whole and in milliseconds otherwise`() {
        func arguments(_ lifetime: Duration) -> String {
            var encoder = RedisEncoder()
            RedisCommands.Set("k", to: [], lifetime: lifetime).encode(into: &encoder)
            return text(encoder.finish())
        }
        #expect(arguments(.seconds(90)).hasSuffix("$2\r\nEX\r\n$2\r\n90\r\n"))
        #expect(arguments(.milliseconds(1500)).hasSuffix("$2\r\nPX\r\n$4\r\n1500\r\n"))
        #expect(arguments(.zero).hasSuffix("$2\r\nPX\r\n$1\r\n1\r\n"))
    }
}

import Hashing
import Testing

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}

private let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)

@Suite struct DigestTests {
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        // The example of RFC 6455: the WebSocket handshake.
        (
            "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
            "b37a4f2cc0624f1690f64606cf385945b2bec4ea"
        ),
    ])
    func `SHA-1 gives the published hashes`(text: String, expected: String) {
        #expect(hex(SHA1.hash(Array(text.utf8))) == expected)
    }

    @Test func `SHA-1 of a million bytes is the published one`() {
        #expect(hex(SHA1.hash(million)) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `SHA-256 gives the published hashes`(text: String, expected: String) {
        #expect(hex(SHA256.hash(Array(text.utf8))) == expected)
    }

    @Test func `SHA-256 of a million bytes is the published one`() {
        #expect(hex(SHA256.hash(million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    // RFC 4231, test cases 1, 2, 3, 6 and 7.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8
            ),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
        ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ])
    func `HMAC-SHA-256 gives the published codes`(key: [UInt8], message: [UInt8], expected: String) {
        #expect(hex(HMACSHA256.authenticate(message: message, key: key)) == expected)
    }

    @Test func `one key authenticates many messages on many threads`() async {
        let key = HMACSHA256(key: Array("Jefe".utf8))
        let codes = await withTaskGroup(of: [UInt8].self) { group in
            for index in 0..<200 {
                group.addTask { key.authenticate(Array("message \(index % 2)".utf8).span) }
            }
            return await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        let expected = ["message 0", "message 1"].map { text in
            HMACSHA256.authenticate(message: Array(text.utf8), key: Array("Jefe".utf8))
        }
        #expect(codes == Set(expected))
    }

    @Test func `equality in constant time is equality`() {
        let bytes: [UInt8] = [1, 2, 3, 4]
        #expect(constantTimeEquals(bytes, [1, 2, 3, 4]))
        #expect(constantTimeEquals([], []))
        #expect(!constantTimeEquals(bytes, [1, 2, 3]))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!constantTimeEquals(bytes, other))
        }
    }

    @Test func `random bytes have the wanted length and do not repeat`() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(100_000).count == 100_000)
        let draws = Set((0..<1_000).map { _ in SecureRandom.bytes(16) })
        #expect(draws.count == 1_000)
        // 100,000 fair bytes contain every value; a buffer left partly unfilled would not.
        #expect(Set(SecureRandom.bytes(100_000).suffix(10_000)).count == 256)
    }
}

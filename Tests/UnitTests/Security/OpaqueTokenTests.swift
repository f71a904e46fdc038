import Hashing
import Security
import Testing

@Suite struct OpaqueTokenTests {
    @Test func `tokens are new every time, carry their prefix and are read back`() throws {
        let tokens = (0..<1_000).map { _ in RefreshToken.generate() }
        #expect(Set(tokens.map(\.text)).count == 1_000)
        for token in tokens {
            #expect(token.text.hasPrefix("dlr_"))
            #expect(token.text.utf8.count == 4 + 43)
            #expect(try #require(RefreshToken(token.text)).digest == token.digest)
        }
        #expect(Ticket.generate().text.hasPrefix("dlt_"))
    }

    @Test func `a digest is the SHA-256 of the text`() {
        let token = RefreshToken.generate()
        #expect(token.digest == SHA256.hash(Array(token.text.utf8)))
    }

    @Test func `one kind is not taken for the other`() {
        #expect(Ticket(RefreshToken.generate().text) == nil)
        #expect(RefreshToken(Ticket.generate().text) == nil)
    }

    @Test func `what has not the form of a token is refused`() {
        let text = RefreshToken.generate().text
        for changed in [
            "", "dlr_", String(text.dropFirst(4)), String(text.dropLast()), text + "A", text + "=", text + "\n",
            " " + text,
            "DLR_" + text.dropFirst(4), text.replacing("dlr_", with: "dlr_."),
            "dlr_" + String(repeating: "A", count: 1_000_000),
        ] {
            #expect(RefreshToken(changed) == nil)
        }
    }

    @Test func `a token does not print itself`() {
        let token = RefreshToken.generate()
        var dumped = ""
        dump(token, to: &dumped)
        for shown in ["\(token)", String(reflecting: token), dumped] {
            #expect(!shown.contains(token.text.suffix(10)))
        }
    }
}

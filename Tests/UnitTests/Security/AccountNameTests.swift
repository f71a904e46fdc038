import Security
import Testing

@Suite struct AccountNameTests {
    @Test(arguments: ["abc", "A.b-c_9", "123", "___", String(repeating: "x", count: 32)])
    func `usernames of the allowed characters are taken`(text: String) throws {
        #expect(try Username(text).text == text)
    }

    @Test(arguments: [
        "", "ab", String(repeating: "x", count: 33), "a b", "abc ", "abc\n", "abc\0", "a@b", "a/b", "ümlaut", "аbс",
        "ab👋",
        "a\u{301}bc", "abc%00", "ａｂｃ",
    ])
    func `other usernames are refused`(text: String) {
        #expect(throws: SecurityError.self) { try Username(text) }
    }

    @Test func `names that differ in case only are the same`() throws {
        #expect(try Username("Alice") == Username("aLICE"))
        #expect(try Set([Username("Alice"), Username("alice")]).count == 1)
        #expect(try Username("Alice").canonical == "alice")
        #expect(try EmailAddress("Alice@Example.ORG") == EmailAddress("alice@example.org"))
        #expect(try EmailAddress("Alice@Example.ORG").text == "Alice@Example.ORG")
        #expect(try EmailAddress("Alice@Example.ORG").canonical == "alice@example.org")
    }

    /// The store lowers ASCII only; an address lowered further would never be found again.
    @Test func `letters beyond ASCII keep their case`() throws {
        #expect(try EmailAddress("ÄNNE@Müller.DE").canonical == "Änne@müller.de")
    }

    @Test(arguments: ["a@b.c", "first.last+tag@sub.example.org", "o'neil@example.ie", "用户@例子.广告", "a_b-c@x-y.io"])
    func `ordinary addresses are taken`(text: String) throws {
        #expect(try EmailAddress(text).text == text)
    }

    @Test(arguments: [
        "", "@", "a", "a@", "@b.c", "a@b", "a@b@c.d", "a@.b", "a@b.", "a@b..c", "a@-b.c", "a@b-.c", "a b@c.d", " a@b.c",
        "a@b.c ",
        "a@b.c\n", "a@b.c\r\nBcc: x@y.z", "a\0@b.c", "a\u{202E}@b.c", "a\u{A0}@b.c", "<a@b.c>", "a,b@c.d",
        "a@b.c;d@e.f",
        "\"a\"@b.c", "a@[127.0.0.1]", String(repeating: "x", count: 65) + "@b.c",
        "a@" + String(repeating: "x", count: 251) + ".c",
    ])
    func `what is no address, or harms in mail headers, is refused`(text: String) {
        #expect(throws: SecurityError.self) { try EmailAddress(text) }
    }

    @Test func `the longest address is 254 bytes`() throws {
        let longest = "a@" + String(repeating: "x", count: 250) + ".c"
        #expect(longest.utf8.count == 254)
        _ = try EmailAddress(longest)
    }
}

import Testing

@testable import Messaging

@Suite struct SpamTextTests {
    @Test(arguments: [
        ("Buy now!", "BUY   NOW"), ("Buy now!", "b.u.y-n_o_w"), ("caf\u{E9}", "CAF\u{C9}"), ("B\u{200B}uy", "buy"),
        ("cafe\u{301}", "cafe"), ("\u{0391}\u{03B2}", "\u{03B1}\u{0392}"),
    ])
    func `texts that read alike are the same`(one: String, other: String) {
        #expect(SpamText(one).digest == SpamText(other).digest)
    }

    @Test(arguments: [("yes", "no"), ("!!", "??"), ("👍", "👎"), ("你好", "再见"), ("1", "2")])
    func `texts that say something else are not`(one: String, other: String) {
        #expect(SpamText(one).digest != SpamText(other).digest)
    }

    @Test func `the same words with other files are not the same`() {
        let texts = [SpamText("\u{1F4F7}"), SpamText("\u{1F4F7}", media: ["a"]), SpamText("\u{1F4F7}", media: ["b"])]
        #expect(Set(texts.map(\.digest)).count == 3)
        #expect(SpamText("look", media: ["a", "b"]).digest != SpamText("look", media: ["ab"]).digest)
        #expect(SpamText("look", media: ["a"]).digest == SpamText("LOOK!", media: ["a"]).digest)
    }

    @Test(arguments: [
        ("see https://example.org", true), ("HTTPS://EXAMPLE.ORG", true), ("wWw.example.org", true), ("ftp://x", true),
        ("www", false), ("a:/b", false), ("", false), ("://", false), ("12:30 // noon", false), ("wwww.x", true),
        ("www. ", false), ("www.", false), ("see http:// and nothing", false), ("- ://x", false),
    ])
    func `links are found`(text: String, hasLink: Bool) {
        #expect(SpamText(text).hasLink == hasLink)
    }
}

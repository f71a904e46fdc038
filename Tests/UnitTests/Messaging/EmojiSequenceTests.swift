import Domain
import Testing

@testable import Messaging

@Suite struct EmojiSequenceTests {
    @Test(arguments: [
        "👍", "😀", "❤️", "❤", "☺️", "©️", "™", "👍🏽", "🫱🏿‍🫲🏻", "👨‍👩‍👧‍👦", "👩🏽‍❤️‍💋‍👨🏿", "🏳️‍🌈", "🏳️‍⚧️", "🏴‍☠️", "👁️‍🗨️", "🙂‍↔️",
        "🧑🏻‍🦰", "⛹🏽‍♂️", "🕵️‍♀️", "1️⃣", "#️⃣", "*️⃣", "1\u{20E3}", "🇩🇪", "🇺🇳", "🫠", "🐦‍🔥", "😀\u{FE0F}",
        "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    ])
    func `one emoji is one, however it is put together`(text: String) throws {
        try EmojiSequence.check(text)
    }

    @Test(arguments: [
        "a", "1", "#", "*", " ", "👍 ", " 👍", "👍\n", "👍👍", "👍a", "a👍", ":)", "é", "中", "\u{200D}", "\u{FE0F}",
        "\u{20E3}",
        "👍\u{200D}", "\u{200D}👍", "👍\u{200D}\u{200D}👍", "👍\u{200D}a", "❤\u{FE0E}", "❤️\u{FE0F}", "🏽", "👍🏽🏽", "😀🏽",
        "🇩", "🇩🇪🇫", "🇩🇪🇫🇷", "🇩\u{200D}🇪", "🇩🇪\u{200D}👍", "1\u{FE0F}", "1\u{200D}👍", "12\u{20E3}", "a\u{20E3}",
        "👍\u{20E3}", "👍\u{301}", "👍\u{E0061}", "\u{E0061}", "\u{1F3F4}\u{E007F}", "\u{1F3F4}\u{E0067}\u{E0062}",
        "👍\u{E0067}\u{E0062}\u{E0065}\u{E007F}", "\u{1F3F4}\u{E0067}\u{E0062}\u{E0020}\u{E007F}", "\u{202E}👍", "👍\u{0}",
        "\u{FFFD}", "\u{1F1E6}",
    ])
    func `what is not one emoji is refused`(text: String) {
        let failure = #expect(throws: Failure.self) { try EmojiSequence.check(text) }
        #expect(failure?.code == .invalidContent)
    }

    @Test func `nothing is empty, and more than 64 bytes are too long, even of one emoji`() {
        #expect(throws: Failure(.empty, "emoji: must not be empty")) { try EmojiSequence.check("") }
        let family = Array(repeating: "👨🏽", count: 6).joined(separator: "\u{200D}")
        #expect(family.utf8.count == 63)
        #expect(throws: Never.self) { try EmojiSequence.check(family) }
        let failure = #expect(throws: Failure.self) { try EmojiSequence.check(family + "\u{200D}👨") }
        #expect(failure?.code == .tooLong)
    }
}

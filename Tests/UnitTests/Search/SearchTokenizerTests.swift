import Search
import Testing

/// How texts are taken apart.
struct SearchTokenizerTests {
    @Test(arguments: [
        ("Hello, World", ["hello", "world"]),
        // Case, accents and width.
        ("CAFÉ cafe\u{301} Ｃａｆｅ", ["cafe", "cafe", "cafe"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Ærø łódź İstanbul ısı", ["aero", "lodz", "istanbul", "isi"]),
        ("ΣΊΣΥΦΟΣ σίσυφος", ["σισυφοσ", "σισυφοσ"]),
        ("ﬁnd ⅷ ²", ["find", "viii", "2"]),
        // What parts words and what does not.
        ("don't foo_bar a-b 1.5", ["don", "t", "foo", "bar", "a", "b", "1", "5"]),
        ("soft\u{AD}hyphen zero\u{200D}joiner zero\u{200B}space", ["softhyphen", "zerojoiner", "zero", "space"]),
        ("\u{0}\t\n\r…—", []),
        ("", []),
        // Right to left, with and without points.
        ("שָׁלוֹם שלום", ["שלום", "שלום"]),
        ("مُحَمَّد محمد", ["محمد", "محمد"]),
        // Vowels that make another word stay.
        ("की का", ["की", "का"]),
        // Emoji are words of their own, whatever is joined to them.
        ("great👍🏽!", ["great", "👍"]),
        ("❤\u{FE0F}👩\u{200D}💻", ["❤", "👩", "💻"]),
        // A mark on nothing.
        ("\u{93F} x", ["x"]),
        ("\u{301}", []),
    ])
    func `words are folded and parted`(_ text: String, _ words: [String]) {
        #expect(SearchTokenizer.tokens(of: text).map(\.text) == words)
    }

    @Test(arguments: [
        ("日本語", ["日本", "本語", "語"]),
        ("日", ["日"]),
        ("日本linux語", ["日本", "本", "linux", "語"]),
        // Halfwidth kana with their sound marks, and Hangul from its letters.
        ("ｶﾞｷﾞ", ["ガギ", "ギ"]),
        ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", ["한글", "글"]),
        ("ไทย", ["ไท", "ทย", "ย"]),
        // A vowel above stays on its letter.
        ("กี่ข", ["กี่ข", "ข"]),
        ("か\u{3099}く", ["がく", "く"]),
    ])
    func `scripts without spaces are taken by pairs`(_ text: String, _ words: [String]) {
        #expect(SearchTokenizer.tokens(of: text).map(\.text) == words)
    }

    @Test func `positions have no holes and ranges say where a word is`() {
        let tokens = SearchTokenizer.tokens(of: "Ｅ\u{301}té — 日本語, 👍🏽 ﬁn")
        #expect(tokens.map(\.text) == ["ete", "日本", "本語", "語", "👍", "fin"])
        #expect(tokens.map(\.position) == [1, 2, 3, 4, 5, 6])
        #expect(tokens.map(\.range) == [0..<4, 7..<9, 8..<10, 9..<10, 12..<13, 15..<17])
        #expect(tokens.map(\.kind) == [.word, .pair, .pair, .tail, .symbol, .word])
    }

    @Test func `long words are cut, and long texts end at the last position`() {
        let long = SearchTokenizer.tokens(of: String(repeating: "a", count: 5_000) + " b")
        #expect(long.map(\.text) == [String(repeating: "a", count: 64), "b"])
        #expect(long[0].range == 0..<5_000)
        // One character that folds to four words.
        let many = SearchTokenizer.tokens(of: String(repeating: "\u{FDFA} ", count: 5_000))
        #expect(many.count == SearchTokenizer.positionLimit)
        #expect(many.last?.position == SearchTokenizer.positionLimit)
        let marks = SearchTokenizer.tokens(of: "e" + String(repeating: "\u{301}", count: 9_999))
        #expect(marks.map(\.text) == ["e"])
    }

    @Test func `a character ends after some marks, and keeps few of them`() {
        // Of two classes, so that they must be put in order.
        let text = "a" + String(repeating: "\u{301}", count: 5_000) + String(repeating: "\u{316}", count: 4_999) + "b"
        let tokens = SearchTokenizer.tokens(of: text)
        #expect(tokens.map(\.text) == ["ab"])
        #expect(tokens.map(\.range) == [0..<10_001])
        // The last marks are apart from the letter.
        let ends = SearchTokenizer.tokens(of: String(text.unicodeScalars.dropLast()))
        #expect(ends.map(\.range) == [0..<32])
        let marked = SearchTokenizer.tokens(of: "ก" + String(repeating: "\u{F77}", count: 490) + "ข")
        #expect(marked.count == 2)
        #expect(marked.allSatisfy { $0.text.utf8.count <= 4 * SearchTokenizer.wordLimit })
    }

    @Test func `every scalar there is can be taken`() {
        for plane in stride(from: UInt32(0), through: 0x10FFFF, by: 0x400) {
            var text = ""
            for value in plane..<plane + 0x400 {
                if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
            }
            let count = text.unicodeScalars.count
            for token in SearchTokenizer.tokens(of: text) {
                #expect(!token.text.isEmpty && token.range.upperBound <= count && !token.range.isEmpty)
                #expect(
                    !token.text.unicodeScalars.contains {
                        $0 == "^" || $0 == "!" || $0 == "'" || $0 == "\\" || $0 == ":"
                    }
                )
            }
        }
    }
}

import Domain
import Search
import Testing

/// What is highlighted, and the part of a text that is shown.
struct SearchMatcherTests {
    @Test(arguments: [
        ("Hello hello help", "hel", ["Hello", "hello", "help"]),
        ("The same is not the  SAME", #""the same""#, ["The", "same", "the", "SAME"]),
        ("cafe\u{301} Cafés", "café", ["cafe\u{301}", "Cafés"]),
        ("今日は日本語です", "日本語", ["日本語"]),
        ("今日は日曜日", "日", ["日", "日", "日"]),
        ("don't dont", "don't", ["don", "t"]),
        ("a ﬁne day", "fi", ["ﬁne"]),
        ("👍 ok 👍🏽", "👍", ["👍", "👍"]),
        ("nothing here", "from:me", []),
        ("the cat", "the -dog", ["the"]),
    ])
    func `what was looked for is marked`(_ text: String, _ query: String, _ marked: [String]) throws {
        let criteria = try SearchQueryParser.parse(query)
        let matcher = SearchMatcher(text)
        #expect(matcher.matches(criteria))
        let scalars = Array(text.unicodeScalars)
        let found = matcher.highlights(criteria).map { range in
            var part = ""
            part.unicodeScalars.append(contentsOf: scalars[range])
            return part
        }
        #expect(found == marked)
    }

    @Test(arguments: [
        ("hello", "help"), ("same the", #""the same""#), ("the same", "sam"), ("xa", "a"), ("日曜本", "日本"),
        ("a b", #""b a""#),
        ("the dog", "the -dog"), ("linux日本", "日本linux"),
    ])
    func `what is not there does not match`(_ text: String, _ query: String) throws {
        let criteria = try SearchQueryParser.parse(query)
        #expect(SearchMatcher(text).matches(criteria) == (text == "the same"))
    }

    @Test func `a snippet is the text, or a part of it around what was found`() throws {
        #expect(Snippet.make(of: "short", around: []) == "short")
        let text = (0..<100).map { "word\($0)" }.joined(separator: " ")
        #expect(Snippet.make(of: text, around: []).hasPrefix("word0 word1"))
        let highlights = SearchMatcher(text).highlights(try SearchQueryParser.parse("word50"))
        let snippet = Snippet.make(of: text, around: highlights)
        #expect(snippet.contains(" word50 ") && snippet.hasPrefix("…word") && snippet.hasSuffix("…"))
        #expect(snippet.unicodeScalars.count <= Snippet.length + 2)
        let end = Snippet.make(of: text, around: SearchMatcher(text).highlights(try SearchQueryParser.parse("word99")))
        #expect(end.hasSuffix(" word99"))
        let solid = String(repeating: "x", count: 1_000)
        #expect(Snippet.make(of: solid, around: [500..<501]).unicodeScalars.count == Snippet.length + 2)
    }
}

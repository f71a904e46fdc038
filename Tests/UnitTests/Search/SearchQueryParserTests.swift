import Domain
import Search
import Support
import Testing

/// How queries are read.
struct SearchQueryParserTests {
    @Test func `words begin words, phrases and short words are whole`() throws {
        let criteria = try SearchQueryParser.parse(#"  Café x "the  SAME" don't 日本語 日 "日本" 👍 !!! "#)
        #expect(
            criteria.required == [
                SearchClause([SearchTerm("cafe", isPrefix: true)]),
                SearchClause([SearchTerm("x")]),
                SearchClause([SearchTerm("the"), SearchTerm("same", offset: 1)]),
                SearchClause([SearchTerm("don"), SearchTerm("t", offset: 1)]),
                SearchClause([SearchTerm("日本"), SearchTerm("本語", offset: 1)]),
                SearchClause([SearchTerm("日", isPrefix: true)]),
                SearchClause([SearchTerm("日本")]),
                SearchClause([SearchTerm("👍")]),
            ]
        )
        #expect(criteria.excluded.isEmpty)
    }

    @Test func `a run without spaces keeps its length before what follows it`() throws {
        let terms = try SearchQueryParser.parse("日本linux").required.first?.terms
        #expect(terms == [SearchTerm("日本"), SearchTerm("linux", offset: 2, isPrefix: true)])
    }

    @Test func `filters and what is left out`() throws {
        let criteria = try SearchQueryParser.parse(
            #"x FROM:Ada.L in:42 before:2026-02-01 after:2026-01-31T12:30:00+01:00 has:link HAS:file -cat -"a b" - c"#
        )
        #expect(criteria.sender == .username("ada.l"))
        #expect(criteria.chat == ChatID(rawValue: 42))
        #expect(criteria.high == Timestamp(parsing: "2026-02-01T00:00:00Z"))
        #expect(criteria.low == Timestamp(parsing: "2026-01-31T11:30:00Z"))
        #expect(criteria.hasLink && criteria.hasFile)
        #expect(
            criteria.excluded == [
                SearchClause([SearchTerm("cat")]), SearchClause([SearchTerm("a"), SearchTerm("b", offset: 1)]),
            ]
        )
        #expect(criteria.required.map { $0.terms.map(\.text) } == [["x"], ["c"]])
        #expect(try SearchQueryParser.parse("from:me").sender == .me)
    }

    @Test(arguments: [
        ("http://example.org", ["http", "example", "org"]), ("a:b", ["a", "b"]), (#""open end"#, ["open", "end"]),
        ("“curly quotes”", ["curly", "quotes"]), ("-- x", ["x"]),
        (#"''; DROP TABLE users; --"#, ["drop", "table", "users"]),
        (#"a\' & !b | (c <-> d):*"#, ["a", "b", "c", "d"]), ("", []), ("\u{3000}\u{2003}", []), (#""" """#, []),
        ("^!s1", ["s1"]),
    ])
    func `what is no filter is words, whatever it looks like`(_ text: String, _ words: [String]) throws {
        #expect(try SearchQueryParser.parse(text).required.flatMap { $0.terms.map(\.text) } == words)
    }

    @Test func `what no word is made of does no harm beside what is found by itself`() throws {
        #expect(try SearchQueryParser.parse("!!! from:me").sender == .me)
        #expect(try SearchQueryParser.parse("in:1").chat == ChatID(rawValue: 1))
        #expect(try SearchQueryParser.parse("- x").required.count == 1)
    }

    @Test(arguments: [
        "from:", "from:ada lovelace from:me", "from:ädä", "in:x", "in:0", "in:+1", "in:99999999999999999999",
        "before:yesterday", "before:9999-12-31T23:00:00-01:00",
        "before:2026-13-01", "after:2026-1-1", "has:", "has:cheese", "has:link has:file has:LINK", "has:file has:file",
        "in:1 in:1", "before:2026-01-01 before:2026-01-02",
        "-from:me", "-has:link", "-cat", "in:1 -cat", "!!!", "in:1 ...", "\"?\" after:2026-01-01",
        "after:2026-01-02 before:2026-01-02",
        String(repeating: "a", count: 501), String(repeating: "a ", count: 21), String(repeating: "日", count: 66),
    ])
    func `what is no query is refused`(_ text: String) {
        #expect(throws: SearchQueryError.self) { try SearchQueryParser.parse(text) }
    }

    @Test func `whatever is typed is read or refused, and stays within the limits`() {
        var random = SplitMix64(seed: 11)
        let pieces = Array("ab日ไé👍\u{301} \t\"-:“”from:in:before:after:has:link2026-01-01'\\^!&|()*<>\u{0}\u{FDFA}")
            .map(String.init)
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            guard let criteria = try? SearchQueryParser.parse(text) else { continue }
            let clauses = criteria.required + criteria.excluded
            #expect(clauses.count <= SearchQueryParser.clauseLimit)
            #expect(clauses.allSatisfy { $0.terms.first?.offset == 0 })
            #expect(clauses.reduce(0) { $0 + $1.terms.count } <= SearchQueryParser.termLimit)
        }
    }
}

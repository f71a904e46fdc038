import Domain
import Search
import Testing

@testable import Storage

/// What Postgres is handed.
struct SearchTextsTests {
    @Test func `terms carry the key of their block`() {
        let document = SearchDocument(
            message: MessageID(chat: ChatID(rawValue: 42), sequence: SequenceNumber(rawValue: 1025)),
            revision: Offset(rawValue: 2000),
            sender: UserID(rawValue: 255),
            createdAt: Timestamp(milliseconds: 0),
            hasLink: true,
            hasFile: true,
            words: ["it's": [1, 3]]
        )
        #expect(SearchTexts.terms(of: document) == "'2a.1:!sff' '2a.1:!l' '2a.1:!f' '2a.1:it''s':1,3")
    }

    @Test func `a query is made of quoted words`() throws {
        let user = UserID(rawValue: 7)
        let criteria = try SearchQueryParser.parse(#"lin 日本linux -"not this" from:me has:link has:file"#)
        #expect(
            SearchTexts.query(criteria, from: user)
                == "('^lin':*) & ('^日本' <2> '^linux':*) & '^!s7' & '^!l' & '^!f' & !('^not' <1> '^this')"
        )
        #expect(SearchTexts.ranking(criteria) == "('^lin':*) & ('^日本' <2> '^linux':*)")
        #expect(try SearchTexts.query(SearchQueryParser.parse("in:3"), from: user) == nil)
    }

    @Test func `a cursor is read as it was written, and nothing else is one`() throws {
        let time = Timestamp(milliseconds: 1_795_000_000_123)
        let message = MessageID(chat: ChatID(rawValue: 42), sequence: SequenceNumber(rawValue: 9))
        let cursors = [
            SearchCursor(now: time, high: time),
            SearchCursor(
                now: time,
                high: time,
                floor: Timestamp(milliseconds: 0),
                isFull: true,
                last: .init(score: 0.123456789, at: time, message: message)
            ),
        ]
        for cursor in cursors { #expect(try SearchCursor(parsing: cursor.text) == cursor) }
        let whole = cursors[1].text
        for text in [
            "", ".", "a", "a.b.c", "-1.2", "a.zzzzzzzzzzzzzzzz", whole + ".1", String(whole.dropLast(2)) + ".-1",
            "a.b.c.1.1.1.0.0",
        ] {
            #expect(throws: Failure.self) { try SearchCursor(parsing: text) }
        }
    }
}

import JSON
import Postgres
import Support
import Testing
import Web

/// Searches and messages made to keep a search busy.
///
/// A search that takes too long is 503, so that an answer of another status is one that came in time.
@Suite(.realTime) struct ServerSearchAttackTests {
    @Test func `what is made to take long is answered in time or refused`() async throws {
        try await AttackScene.run { scene in
            for text in Self.texts {
                let body = #"{"content":"\#(text)"}"#
                let path = "/chats/\(scene.scene.chat)/messages"
                #expect(try await scene.scene.call(.post, path, body, as: scene.scene.ben).status == 201)
            }
            try await eventually("all of it is indexed") {
                let query: PostgresQuery = """
                    SELECT ((SELECT count(*) FROM message_metadata) - (SELECT count(*) FROM search_documents))::text
                    """
                return try await scene.scene.scene.number(query) == "0"
            }
            for (query, isRead) in Self.queries {
                let path = "/search/messages?limit=100&q=" + Self.percentEncoded(query)
                let answer = try await scene.scene.call(.get, path, as: scene.scene.ben)
                #expect(answer.status == (isRead ? 200 : 400), "\(query.prefix(40)): \(answer.text.prefix(300))")
                #expect(isRead || answer.code == "invalid_value", "\(query.prefix(40))")
                #expect(!answer.text.contains(AttackScene.secret), "\(query.prefix(40))")
            }
        }
    }

    private static let texts = [
        String(repeating: "a", count: 10_000),
        String(repeating: "aab ", count: 2_500),
        "a" + String(repeating: "\u{301}", count: 5_000) + String(repeating: "\u{316}", count: 4_999),
        String(repeating: "字", count: 10_000),
        String(repeating: "ก\u{E31}", count: 5_000),
        String(repeating: "😀", count: 10_000),
        String(repeating: "(", count: 10_000),
    ]

    /// Each with whether it is a search.
    private static let queries: [(String, Bool)] = [
        ("(a+)+$", true), ("(a|aa)*b", true), ("a aa aab aa a", true), (String(repeating: "a", count: 500), true),
        ("\"" + String(repeating: "aab ", count: 20) + "\"", true), (String(repeating: "a ", count: 20), true),
        (String(repeating: "字", count: 50), true), ("字", true), ("a\(String(repeating: "\u{301}", count: 400))", true),
        ("':* & !a | <-> 'b' \\", true), ("a:*", true), ("-a b", true),
        (String(repeating: "a ", count: 100), false), (String(repeating: "a", count: 501), false),
        (String(repeating: "\"", count: 400), false), (String(repeating: "-", count: 400), false),
        (String(repeating: "(", count: 500), false), ("from:a from:b", false),
        (String(repeating: "字", count: 400), false),
    ]

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { $0 += "%" + ($1 < 16 ? "0" : "") + String($1, radix: 16) }
    }
}

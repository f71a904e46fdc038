import Testing

@testable import duologue_load

@Suite struct ConversationTests {
    private static let room = """
        {"line": 0, "system": "kim has joined #ubuntu"}
        {"line": 1, "at": "2006-02-24T07:55:00Z", "sender": "kim", "content": "hi"}
        {"line": 2, "at": "2006-02-24T07:56:00Z", "sender": "`JD", "content": "kim: hi \\u00e9\\ttab", "reply_to_line": 1}
        {"line": 3, "at": "2006-02-24T07:57:00Z", "sender": "`JD", "content": "waves", "action": true}

        """

    @Test func `what people said is read and what the system said is left out`() throws {
        let conversation = try Conversation(parsing: Array(Self.room.utf8))
        #expect(conversation.lines.map(\.number) == [1, 2, 3])
        #expect(conversation.lines[1].sender == "`JD")
        #expect(conversation.lines[1].content == "kim: hi é\ttab")
        #expect(conversation.lines.map(\.repliesTo) == [nil, 1, nil])
        #expect(conversation.lines[1].at - conversation.lines[0].at == 60)
    }

    @Test func `speakers come with the most talkative first`() throws {
        let conversation = try Conversation(parsing: Array(Self.room.utf8))
        #expect(conversation.speakers == ["`JD", "kim"])
    }

    @Test func `a broken line is refused with its number`() {
        let error = #expect(throws: LoadError.self) {
            try Conversation(parsing: Array((Self.room + #"{"line": 4, "sender": "x"}"#).utf8))
        }
        #expect(error?.message.hasPrefix("line 5:") == true)
    }

    @Test func `times are seconds since 1970`() {
        #expect(ConversationTime.seconds("1970-01-01T00:00:00Z") == 0)
        #expect(ConversationTime.seconds("2006-02-24T07:55:00Z") == 1_140_767_700)
        #expect(ConversationTime.seconds("2006-13-24T07:55:00Z") == nil)
        #expect(ConversationTime.seconds("yesterday") == nil)
    }
}

import Testing

@testable import Support

/// The wire is followed far enough to know which answer is the one to lose.
struct PostgresConversationTests {
    private let startup: [UInt8] = [0, 0, 0, 9, 0, 3, 0, 0, 0]
    private let ready = message("Z", [UInt8(ascii: "I")])

    private static func message(_ type: Character, _ body: [UInt8] = []) -> [UInt8] {
        let length = UInt32(body.count + 4)
        return [type.asciiValue ?? 0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + body
    }

    private static func text(_ parts: String...) -> [UInt8] { parts.flatMap { Array($0.utf8) + [0] } }

    private func started() -> PostgresConversation {
        var conversation = PostgresConversation(marker: "commit(")
        let asked = conversation.fromClient(startup)
        #expect(!asked)
        conversation.fromServer(ready)
        return conversation
    }

    @Test func `a prepared statement is known again by its name`() {
        var conversation = started()
        let prepare = Self.message("P", Self.text("s1", "SELECT * FROM commit($1)"))
        let other = Self.message("P", Self.text("s2", "SELECT 1"))
        let first = conversation.fromClient(prepare + other + Self.message("S"))
        #expect(!first)
        conversation.fromServer(Self.message("1") + Self.message("1") + ready)
        let unmarked = conversation.fromClient(Self.message("B", Self.text("", "s2")) + Self.message("S"))
        #expect(!unmarked && !conversation.awaitsAnswer)
        conversation.fromServer(ready)
        let marked = conversation.fromClient(Self.message("B", Self.text("", "s1")) + Self.message("S"))
        #expect(marked && conversation.awaitsAnswer)
    }

    @Test func `the answer is complete at the end of its own group, not of one before`() {
        var conversation = started()
        let earlier = Self.message("Q", Self.text("SELECT 1"))
        let marked =
            Self.message("P", Self.text("", "commit(")) + Self.message("B", Self.text("", "")) + Self.message("S")
        let asked = conversation.fromClient(earlier + marked)
        #expect(asked)
        conversation.fromServer(ready)
        #expect(conversation.awaitsAnswer)
        conversation.fromServer(ready)
        #expect(!conversation.awaitsAnswer)
    }

    @Test func `messages arrive in any pieces`() {
        var conversation = started()
        let bytes = Self.message("Q", Self.text("SELECT commit(1)"))
        var asked = 0
        for byte in bytes where conversation.fromClient([byte]) { asked += 1 }
        #expect(asked == 1)
        for byte in ready { conversation.fromServer([byte]) }
        #expect(!conversation.awaitsAnswer)
    }

    @Test func `a refused request for encryption comes before the start`() {
        var conversation = PostgresConversation(marker: "commit(")
        let asked = conversation.fromClient([0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F])
        #expect(!asked)
        conversation.fromServer([UInt8(ascii: "N")])
        _ = conversation.fromClient(startup)
        conversation.fromServer(ready)
        let marked = conversation.fromClient(Self.message("Q", Self.text("commit(")))
        #expect(marked && conversation.awaitsAnswer)
        conversation.fromServer(ready)
        #expect(!conversation.awaitsAnswer)
    }
}

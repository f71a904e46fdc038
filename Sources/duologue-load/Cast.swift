/// Who of a conversation takes part in its replay, and what they say.
struct Cast: Sendable {
    /// The nicks that get an account, the most talkative first.
    let nicks: [String]
    /// What they say, in the order of the file.
    let lines: [Conversation.Line]
    /// Lines of those who are too many for one chat.
    let saidByOthers: Int
    /// Lines that no message may hold: empty, too long, or with the character NUL.
    let unsendable: Int

    private static let contentLimit = 10_000

    /// Chooses at most `limit` people.
    init(of conversation: Conversation, people limit: Int) {
        nicks = Array(conversation.speakers.prefix(limit))
        let chosen = Set(nicks)
        let said = conversation.lines.filter { chosen.contains($0.sender) }
        lines = said.filter { Self.isSendable($0.content) }
        saidByOthers = conversation.lines.count - said.count
        unsendable = said.count - lines.count
    }

    private static func isSendable(_ content: String) -> Bool {
        !content.isEmpty && content.unicodeScalars.count <= contentLimit && !content.utf8.contains(0)
    }
}

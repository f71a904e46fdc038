/// A chat in which something waits for a member.
package struct UnreadChat: Sendable, Equatable {
    package var chat: ChatID
    /// Messages after the read mark that are neither own, nor system, nor deleted.
    package var unread: Int
    /// Those of them that call the member.
    package var mentions: Int
    package var isMarkedUnread: Bool

    /// Makes a chat of all its fields.
    package init(chat: ChatID, unread: Int, mentions: Int, isMarkedUnread: Bool) {
        self.chat = chat
        self.unread = unread
        self.mentions = mentions
        self.isMarkedUnread = isMarkedUnread
    }
}

/// What waits for a user: sums over all chats, and a page of the chats it waits in.
package struct UnreadSummary: Sendable {
    package var total: Int
    package var mentions: Int
    package var chats: Page<UnreadChat>

    /// Makes a summary of all its fields.
    package init(total: Int, mentions: Int, chats: Page<UnreadChat>) {
        self.total = total
        self.mentions = mentions
        self.chats = chats
    }
}

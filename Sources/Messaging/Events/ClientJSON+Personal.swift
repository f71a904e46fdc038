package import Domain
package import JSON

/// The shapes of what a member keeps of a chat alone, and of threads.
extension JSONWriter {
    /// A saved message.
    package mutating func saved(_ saved: SavedMessage, _ kept: Message) {
        beginObject()
        key("message_id")
        string(saved.message.description)
        key("saved_at")
        time(saved.savedAt)
        key("message")
        message(kept)
        endObject()
    }

    /// A draft.
    package mutating func draft(_ draft: SyncedDraft) {
        beginObject()
        key("chat_id")
        integer(draft.chat.rawValue)
        key("content")
        string(draft.content)
        key("reply_to")
        messageID(draft.replyTo, in: draft.chat)
        key("updated_at")
        time(draft.updatedAt)
        endObject()
    }

    /// A thread with the message that it begins with.
    package mutating func thread(_ thread: ThreadSummary, _ root: Message) {
        beginObject()
        key("message_id")
        string(thread.root.description)
        key("reply_count")
        integer(thread.replyCount)
        key("last_reply_seq")
        integer(thread.lastReply.rawValue)
        key("last_reply_at")
        time(thread.lastReplyAt)
        key("read_seq")
        integer(thread.readSequence.rawValue)
        key("unread")
        integer(thread.unread)
        key("message")
        message(root)
        endObject()
    }
}

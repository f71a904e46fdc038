package import Domain
package import JSON

/// Messages and what hangs on them.
extension JSONWriter {
    /// A message; a duplicate send's answer says that it is one.
    package mutating func message(_ message: Message, isDuplicate: Bool = false) {
        beginObject()
        fields(of: message)
        if isDuplicate {
            key("duplicate")
            bool(true)
        }
        endObject()
    }

    /// What a message has everywhere.
    mutating func fields(of message: Message) {
        let chat = message.id.chat
        key("message_id")
        string(message.id.description)
        key("chat_id")
        integer(chat.rawValue)
        key("seq")
        integer(message.id.sequence.rawValue)
        key("offset")
        integer(message.offset.rawValue)
        key("rev")
        integer(message.revision.rawValue)
        key("sender_id")
        integer(message.sender.rawValue)
        key("type")
        string(message.type.rawValue)
        key("content")
        string(message.content)
        key("created_at")
        time(message.createdAt)
        key("edited_at")
        time(message.editedAt)
        key("deleted")
        bool(message.isDeleted)
        key("reply_to")
        messageID(message.replyTo, in: chat)
        key("thread_root")
        messageID(message.threadRoot, in: chat)
        key("thread")
        beginObject()
        key("reply_count")
        integer(message.replyCount)
        key("last_reply_seq")
        if let last = message.lastReply { integer(last.rawValue) } else { null() }
        endObject()
        key("reactions")
        reactions(message.reactions)
        key("attachments")
        attachments(message.attachments)
        key("mentions")
        mentions(message.mentions)
        key("client_msg_id")
        string(message.clientMessageID?.description)
    }

    private mutating func reactions(_ reactions: [ReactionSummary]) {
        beginArray()
        for item in reactions { reaction(item) }
        endArray()
    }

    /// One emoji on a message.
    package mutating func reaction(_ reaction: ReactionSummary) {
        beginObject()
        key("emoji")
        string(reaction.emoji)
        key("count")
        integer(reaction.count)
        key("user_ids")
        beginArray()
        for user in reaction.users { integer(user.rawValue) }
        endArray()
        endObject()
    }

    /// What a message said before an edit.
    package mutating func revision(_ revision: RevisionImage) {
        beginObject()
        key("message_id")
        string(revision.message.description)
        key("rev")
        integer(revision.revision.rawValue)
        key("content")
        string(revision.content)
        key("edited_by")
        integer(revision.editedBy.rawValue)
        key("at")
        time(revision.at)
        endObject()
    }

    /// A pinned message.
    package mutating func pin(_ pin: Pin, _ pinned: Message) {
        beginObject()
        key("message_id")
        string(pin.message.description)
        key("pinned_by")
        integer(pin.pinnedBy.rawValue)
        key("pinned_at")
        time(pin.pinnedAt)
        key("message")
        message(pinned)
        endObject()
    }

    /// A list of attachments.
    package mutating func attachments(_ attachments: [Attachment]) {
        beginArray()
        for attachment in attachments {
            beginObject()
            key("media_id")
            string(attachment.mediaID)
            key("kind")
            string(attachment.kind)
            key("name")
            string(attachment.name)
            key("content_type")
            string(attachment.contentType)
            key("size_bytes")
            integer(attachment.sizeBytes)
            if let width = attachment.width {
                key("width")
                integer(width)
            }
            if let height = attachment.height {
                key("height")
                integer(height)
            }
            if let duration = attachment.durationMilliseconds {
                key("duration_ms")
                integer(duration)
            }
            endObject()
        }
        endArray()
    }

    /// A list of mentions.
    package mutating func mentions(_ mentions: [Mention]) {
        beginArray()
        for mention in mentions {
            beginObject()
            key("kind")
            switch mention {
            case .user(let user):
                string("user")
                key("user_id")
                integer(user.rawValue)
            case .here: string("here")
            case .all: string("all")
            }
            endObject()
        }
        endArray()
    }
}

package import Domain
package import JSON

/// The shapes of the contract with clients, written the same in REST answers and in events.
extension JSONWriter {
    /// A time, or null.
    package mutating func time(_ time: Timestamp?) {
        guard let time else { return null() }
        raw([UInt8(ascii: "\"")] + time.utf8 + [UInt8(ascii: "\"")])
    }

    /// A string, or null.
    package mutating func string(_ text: String?) {
        if let text { string(text) } else { null() }
    }

    /// A message id made of a chat and a number of it, or null.
    package mutating func messageID(_ sequence: SequenceNumber?, in chat: ChatID) {
        if let sequence { string(MessageID(chat: chat, sequence: sequence).description) } else { null() }
    }

    /// A message; a duplicate send's answer says that it is one.
    package mutating func message(_ message: Message, isDuplicate: Bool = false) {
        let chat = message.id.chat
        beginObject()
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
        if isDuplicate {
            key("duplicate")
            bool(true)
        }
        endObject()
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

    /// A chat; `my` and `last_message` are left out where they are not known, as in announcements.
    package mutating func chat(_ chat: Chat) {
        beginObject()
        key("chat_id")
        integer(chat.id.rawValue)
        key("type")
        string(chat.type.rawValue)
        key("visibility")
        string(chat.visibility.rawValue)
        key("name")
        string(chat.name)
        key("description")
        string(chat.description)
        key("avatar_url")
        string(chat.avatarURL)
        key("created_at")
        time(chat.createdAt)
        key("updated_at")
        time(chat.updatedAt)
        key("created_by")
        integer(chat.createdBy.rawValue)
        key("last_seq")
        integer(chat.lastSequence.rawValue)
        key("last_offset")
        integer(chat.lastOffset.rawValue)
        key("participant_count")
        integer(chat.participantCount)
        if let my = chat.my {
            key("my")
            membership(my)
            key("last_message")
            if let encoded = chat.encodedLastMessage {
                raw(encoded)
            } else if let last = chat.lastMessage {
                message(last)
            } else {
                null()
            }
        }
        endObject()
    }

    /// A member's own side of a chat.
    package mutating func membership(_ my: Membership) {
        beginObject()
        key("role")
        string(my.role.rawValue)
        key("read_seq")
        integer(my.readSequence.rawValue)
        key("unread")
        integer(my.unread)
        key("mentions")
        integer(my.mentions)
        key("muted_until")
        time(my.mutedUntil)
        key("archived")
        bool(my.isArchived)
        key("pinned")
        bool(my.isPinned)
        key("marked_unread")
        bool(my.isMarkedUnread)
        endObject()
    }

    /// An invite of a chat.
    package mutating func invite(_ invite: Invite) {
        beginObject()
        key("code")
        string(invite.code)
        key("chat_id")
        integer(invite.chat.rawValue)
        key("created_by")
        integer(invite.createdBy.rawValue)
        key("created_at")
        time(invite.createdAt)
        key("expires_at")
        time(invite.expiresAt)
        key("max_uses")
        if let uses = invite.maxUses { integer(uses) } else { null() }
        key("uses")
        integer(invite.uses)
        endObject()
    }

    /// A participant.
    package mutating func participant(_ participant: Participant) {
        beginObject()
        key("user_id")
        integer(participant.user.rawValue)
        key("username")
        string(participant.username)
        key("role")
        string(participant.role.rawValue)
        key("joined_at")
        time(participant.joinedAt)
        endObject()
    }

    /// A user; address and role only for the user's own eyes.
    package mutating func user(_ user: User, withEmail: Bool) {
        beginObject()
        key("user_id")
        integer(user.id.rawValue)
        key("username")
        string(user.username)
        key("full_name")
        string(user.fullName)
        key("avatar_url")
        string(user.avatarURL)
        key("status_text")
        string(user.statusText)
        key("created_at")
        time(user.createdAt)
        key("last_seen")
        time(user.lastSeen)
        if withEmail {
            key("email")
            string(user.email)
            key("role")
            string(user.role.rawValue)
        }
        endObject()
    }
}

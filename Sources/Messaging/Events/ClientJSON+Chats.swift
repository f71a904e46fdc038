package import Domain
package import JSON

/// Chats and who is in them.
extension JSONWriter {
    /// A chat; `my` and `last_message` are left out where they are not known, as in announcements.
    package mutating func chat(_ chat: Chat) { self.chat(chat, encodedLastMessage: nil) }

    /// A chat and its last message.
    package mutating func chat(_ shown: ShownChat) {
        chat(shown.chat, encodedLastMessage: shown.encodedLastMessage)
    }

    private mutating func chat(_ chat: Chat, encodedLastMessage: [UInt8]?) {
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
            if let encodedLastMessage {
                raw(encodedLastMessage)
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
}

internal import Domain
internal import JSON

/// The fields of a redo payload; `PayloadReader` reads them.
extension JSONWriter {
    /// What the client asked for: digests of stored events were made of these bytes, so they never change.
    mutating func clientFields(of body: Operation.Body) {
        switch body {
        case .createChat(let draft): fields(of: draft)
        case .createMessage(let draft): fields(of: draft)
        case .removeParticipant(let user): field("remove", user.rawValue)
        case .addParticipant(let addition):
            field("add", addition.user.rawValue)
            field("role", addition.role.rawValue)
            if let list = addition.list { field("list", list) }
            if let entrance = addition.entrance { field(entrance) }
        case .changeRole(let user, let role):
            field("user", user.rawValue)
            field("role", role.rawValue)
        case .changeChat(let change): fields(of: change)
        case .editMessage(let edit, let old):
            field("edit", old.id.sequence.rawValue)
            field("content", edit.content)
            if let list = edit.mentions {
                key("mentions")
                mentions(list)
            }
        case .deleteMessage(let old): field("delete", old.id.sequence.rawValue)
        case .restoreMessage(let old): field("restore", old.id.sequence.rawValue)
        case .react(let sequence, let emoji, let isOn):
            field("react", sequence.rawValue)
            field("emoji", emoji)
            key("on")
            bool(isOn)
        case .pin(let sequence, let isOn):
            field("pin", sequence.rawValue)
            key("on")
            bool(isOn)
        }
    }

    /// What the server adds.
    mutating func serverFields(of body: Operation.Body) {
        switch body {
        case .createMessage(let draft):
            if let id = draft.clientMessageID { field("client_msg_id", id.description) }
        case .addParticipant(let addition): field("limit", Int64(addition.memberLimit))
        case .editMessage(_, let old), .deleteMessage(let old), .restoreMessage(let old):
            key("old")
            image(old)
        default: break
        }
    }

    private mutating func field(_ name: StaticString, _ value: Int64) {
        key(name)
        integer(value)
    }

    private mutating func field(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }

    private mutating func field(_ entrance: Entrance) {
        switch entrance {
        case .invite(let code): field("invite", code)
        case .open:
            key("open")
            bool(true)
        }
    }

    private mutating func fields(of draft: MessageDraft) {
        field("message", draft.type.rawValue)
        field("content", draft.content)
        if let replyTo = draft.replyTo { field("reply_to", replyTo.rawValue) }
        if let root = draft.threadRoot { field("thread_root", root.rawValue) }
        if !draft.attachments.isEmpty {
            key("attachments")
            attachments(draft.attachments)
        }
        if !draft.mentions.isEmpty {
            key("mentions")
            mentions(draft.mentions)
        }
    }

    private mutating func fields(of draft: ChatDraft) {
        field("chat", draft.type.rawValue)
        field("visibility", draft.visibility.rawValue)
        key("name")
        string(draft.name)
        key("description")
        string(draft.description)
        key("participants")
        beginArray()
        for user in draft.participants { integer(user.rawValue) }
        endArray()
    }

    /// A field that is cleared is null; one that stays is left out.
    private mutating func fields(of change: ChatChange) {
        key("change")
        beginObject()
        field("name", change.name)
        field("description", change.description)
        field("avatar_url", change.avatarURL)
        if let visibility = change.visibility { field("visibility", visibility.rawValue) }
        endObject()
    }

    private mutating func field(_ name: StaticString, _ change: FieldChange?) {
        switch change {
        case .set(let text): field(name, text)
        case .clear:
            key(name)
            null()
        case nil: break
        }
    }

    /// A document as it was read before the operation; its chat is the operation's.
    private mutating func image(_ image: MessageImage) {
        beginObject()
        field("seq", image.id.sequence.rawValue)
        field("rev", image.revision.rawValue)
        field("offset", image.createdOffset.rawValue)
        field("sender", image.sender.rawValue)
        field("type", image.type.rawValue)
        key("content")
        string(image.content)
        field("created_at", image.createdAt.milliseconds)
        if let editedAt = image.editedAt { field("edited_at", editedAt.milliseconds) }
        key("deleted")
        bool(image.isDeleted)
        if let replyTo = image.replyTo { field("reply_to", replyTo.rawValue) }
        if let root = image.threadRoot { field("thread_root", root.rawValue) }
        key("attachments")
        attachments(image.attachments)
        key("mentions")
        mentions(image.mentions)
        if let id = image.clientMessageID { field("client_msg_id", id.description) }
        field("op", image.operation.description)
        endObject()
    }
}

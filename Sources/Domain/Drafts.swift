/// What a sender wants said: a message before it has a place.
package struct MessageDraft: Sendable, Equatable {
    package var type: MessageType
    package var content: String
    package var replyTo: SequenceNumber?
    package var threadRoot: SequenceNumber?
    package var attachments: [Attachment]
    package var mentions: [Mention]
    /// The id the client gave, when it gave one.
    package var clientMessageID: OperationID?

    /// Makes a draft of all its fields.
    package init(
        type: MessageType = .text,
        content: String,
        replyTo: SequenceNumber? = nil,
        threadRoot: SequenceNumber? = nil,
        attachments: [Attachment] = [],
        mentions: [Mention] = [],
        clientMessageID: OperationID? = nil
    ) {
        self.type = type
        self.content = content
        self.replyTo = replyTo
        self.threadRoot = threadRoot
        self.attachments = attachments
        self.mentions = mentions
        self.clientMessageID = clientMessageID
    }
}

/// What the founder of a chat asks for.
package struct ChatDraft: Sendable, Equatable {
    package var type: ChatType
    package var visibility: ChatVisibility
    package var name: String?
    package var description: String?
    /// Everyone else who is in it from the start, without the founder, each once.
    package var participants: [UserID]
    /// How many chats each of them may be in; no part of what the client asked for.
    package var chatLimit: Int

    /// Makes a draft of all its fields.
    package init(
        type: ChatType,
        visibility: ChatVisibility = .private,
        name: String? = nil,
        description: String? = nil,
        participants: [UserID],
        chatLimit: Int = User.chatLimit
    ) {
        self.type = type
        self.visibility = visibility
        self.name = name
        self.description = description
        self.participants = participants
        self.chatLimit = chatLimit
    }
}

/// What becomes of a field that may be empty.
package enum FieldChange: Sendable, Equatable {
    case set(String)
    case clear
}

/// What is to be different about a chat; nil leaves a field as it is.
package struct ChatChange: Sendable, Equatable {
    package var name: FieldChange?
    package var description: FieldChange?
    package var avatarURL: FieldChange?
    package var visibility: ChatVisibility?

    /// Makes a change of all its fields.
    package init(
        name: FieldChange? = nil,
        description: FieldChange? = nil,
        avatarURL: FieldChange? = nil,
        visibility: ChatVisibility? = nil
    ) {
        self.name = name
        self.description = description
        self.avatarURL = avatarURL
        self.visibility = visibility
    }
}

/// What a message is to say from now on.
package struct MessageEdit: Sendable, Equatable {
    package var content: String
    /// Nil leaves the mentions as they are.
    package var mentions: [Mention]?

    /// Makes an edit of all its fields.
    package init(content: String, mentions: [Mention]? = nil) {
        self.content = content
        self.mentions = mentions
    }
}

/// How somebody gets into a chat whom no member takes in.
package enum Entrance: Sendable, Equatable {
    /// By the code of an invite.
    case invite(String)
    /// By themselves, into a chat that is public.
    case open
}

/// Somebody to be taken into a chat.
package struct ParticipantAddition: Sendable, Equatable {
    package var user: UserID
    package var role: Role
    /// How many members the chat may have; a setting of the server, so it is no part of what the client asked for.
    package var memberLimit: Int
    /// How many chats the user may be in; no part of what the client asked for.
    package var chatLimit: Int
    /// Digest of the request that names several: with other people it is another request, whoever is the same in both.
    package var list: String?
    /// Set where the user joins by themselves.
    package var entrance: Entrance?

    /// Makes an addition of all its fields.
    package init(
        user: UserID,
        role: Role,
        memberLimit: Int,
        chatLimit: Int = User.chatLimit,
        list: String? = nil,
        entrance: Entrance? = nil
    ) {
        self.user = user
        self.role = role
        self.memberLimit = memberLimit
        self.chatLimit = chatLimit
        self.list = list
        self.entrance = entrance
    }
}

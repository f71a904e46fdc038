/// What kind of chat it is.
package enum ChatType: String, Sendable, CaseIterable {
    case direct, group
}

/// Who may join without an invite.
package enum ChatVisibility: String, Sendable, CaseIterable {
    case `private`, `public`
}

/// What a participant may do.
package enum Role: String, Sendable, CaseIterable {
    case owner, admin, member
}

/// A chat as one of its members sees it.
package struct Chat: Sendable, Equatable {
    package var id: ChatID
    package var type: ChatType
    package var visibility: ChatVisibility
    package var name: String?
    package var description: String?
    package var avatarURL: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var createdBy: UserID
    package var lastSequence: SequenceNumber
    package var lastOffset: Offset
    package var participantCount: Int
    /// The caller's own side of the chat; nil in announcements, which are the same for all.
    package var my: Membership?
    package var lastMessage: Message?
    /// What it was read at; nil where it was not read.
    package var state: ChatState?

    /// Makes a chat of all its fields.
    package init(
        id: ChatID,
        type: ChatType,
        visibility: ChatVisibility,
        name: String?,
        description: String?,
        avatarURL: String? = nil,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        createdBy: UserID,
        lastSequence: SequenceNumber,
        lastOffset: Offset,
        participantCount: Int,
        my: Membership? = nil,
        lastMessage: Message? = nil,
        state: ChatState? = nil
    ) {
        self.id = id
        self.type = type
        self.visibility = visibility
        self.name = name
        self.description = description
        self.avatarURL = avatarURL
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.createdBy = createdBy
        self.lastSequence = lastSequence
        self.lastOffset = lastOffset
        self.participantCount = participantCount
        self.my = my
        self.lastMessage = lastMessage
        self.state = state
    }
}

/// A member's own side of a chat.
package struct Membership: Sendable, Equatable {
    package var role: Role
    package var readSequence: SequenceNumber
    /// Messages after the read mark that are neither own, nor system, nor deleted.
    package var unread: Int
    /// Those of them that call the member.
    package var mentions: Int
    package var mutedUntil: Timestamp?
    package var isArchived: Bool
    package var isPinned: Bool
    /// Set by the member, whatever is unread; reading clears it.
    package var isMarkedUnread: Bool

    /// Makes a membership of all its fields.
    package init(
        role: Role,
        readSequence: SequenceNumber,
        unread: Int,
        mentions: Int = 0,
        mutedUntil: Timestamp? = nil,
        isArchived: Bool = false,
        isPinned: Bool = false,
        isMarkedUnread: Bool = false
    ) {
        self.role = role
        self.readSequence = readSequence
        self.unread = unread
        self.mentions = mentions
        self.mutedUntil = mutedUntil
        self.isArchived = isArchived
        self.isPinned = isPinned
        self.isMarkedUnread = isMarkedUnread
    }
}

/// A member as the others see it.
package struct Participant: Sendable, Equatable {
    package var user: UserID
    package var username: String
    package var role: Role
    package var joinedAt: Timestamp

    /// Makes a participant of all its fields.
    package init(user: UserID, username: String, role: Role, joinedAt: Timestamp) {
        self.user = user
        self.username = username
        self.role = role
        self.joinedAt = joinedAt
    }
}

/// Where a member's time in a chat began.
package struct MembershipStart: Sendable, Equatable {
    package var user: UserID
    package var chat: ChatID
    /// The event that took the user in.
    package var offset: Offset

    /// Makes a start of all its fields.
    package init(user: UserID, chat: ChatID, offset: Offset) {
        self.user = user
        self.chat = chat
        self.offset = offset
    }
}

/// How far a chat has come for one member; what `ready` lists.
package struct ChatHead: Sendable, Equatable {
    package var chat: ChatID
    /// The last announced message.
    package var lastSequence: SequenceNumber
    /// The last announced event: everything up to it is in both stores.
    package var lastOffset: Offset
    package var readSequence: SequenceNumber
    package var unread: Int
    /// The event that took the member in; beyond `lastOffset` while it is not in both stores.
    package var joinedOffset: Offset
    /// The last event there is; beyond `lastOffset` while it is not in both stores.
    package var committedOffset: Offset

    /// The event after which the member's own begin: what lies between `lastOffset` and its joining is not for it.
    package var seenOffset: Offset { max(lastOffset, Offset(rawValue: joinedOffset.rawValue - 1)) }

    /// Makes a head of all its fields.
    package init(
        chat: ChatID,
        lastSequence: SequenceNumber,
        lastOffset: Offset,
        readSequence: SequenceNumber,
        unread: Int,
        joinedOffset: Offset,
        committedOffset: Offset
    ) {
        self.chat = chat
        self.lastSequence = lastSequence
        self.lastOffset = lastOffset
        self.readSequence = readSequence
        self.unread = unread
        self.joinedOffset = joinedOffset
        self.committedOffset = committedOffset
    }
}

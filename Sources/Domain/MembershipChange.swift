/// What a member wants different about their own side of a chat; nil leaves a field as it is.
package struct MembershipChange: Sendable, Equatable {
    /// Until when a chat is to be silent.
    package enum Mute: Sendable, Equatable {
        case until(Timestamp)
        case off
    }

    package var mute: Mute?
    package var isArchived: Bool?
    package var isPinned: Bool?
    package var isMarkedUnread: Bool?

    /// Makes a change of all its fields.
    package init(
        mute: Mute? = nil,
        isArchived: Bool? = nil,
        isPinned: Bool? = nil,
        isMarkedUnread: Bool? = nil
    ) {
        self.mute = mute
        self.isArchived = isArchived
        self.isPinned = isPinned
        self.isMarkedUnread = isMarkedUnread
    }
}

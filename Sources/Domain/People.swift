/// What is to be different about a user's profile; nil leaves a field as it is.
package struct ProfileChange: Sendable, Equatable {
    package var fullName: FieldChange?
    package var avatarURL: FieldChange?
    package var statusText: FieldChange?

    /// Makes a change of all its fields.
    package init(fullName: FieldChange? = nil, avatarURL: FieldChange? = nil, statusText: FieldChange? = nil) {
        self.fullName = fullName
        self.avatarURL = avatarURL
        self.statusText = statusText
    }
}

/// Of what somebody wants to be notified where a chat has no setting of its own.
package enum NotificationLevel: String, Sendable, CaseIterable {
    case all, mentions, none
}

/// Who may learn something of somebody.
package enum Audience: String, Sendable, CaseIterable {
    case everyone, contacts, nobody
}

/// What a user decides about notifications and privacy.
package struct UserSettings: Sendable, Equatable {
    package var notifications: NotificationLevel
    /// Who is told when the user was last seen.
    package var lastSeen: Audience
    /// Whether others are told how far the user has read.
    package var readReceipts: Bool

    /// The settings of somebody who has changed none, but for those given.
    package init(
        notifications: NotificationLevel = .all,
        lastSeen: Audience = .everyone,
        readReceipts: Bool = true
    ) {
        self.notifications = notifications
        self.lastSeen = lastSeen
        self.readReceipts = readReceipts
    }
}

/// What is to be different about a user's settings; nil leaves one as it is.
package struct SettingsChange: Sendable, Equatable {
    package var notifications: NotificationLevel?
    package var lastSeen: Audience?
    package var readReceipts: Bool?

    /// Makes a change of all its fields.
    package init(notifications: NotificationLevel? = nil, lastSeen: Audience? = nil, readReceipts: Bool? = nil) {
        self.notifications = notifications
        self.lastSeen = lastSeen
        self.readReceipts = readReceipts
    }
}

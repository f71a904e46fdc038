/// What somebody may do on the whole installation.
package enum UserRole: String, Sendable, CaseIterable {
    case user, moderator, admin
}

/// A person as others see them.
package struct User: Sendable, Equatable {
    package var id: UserID
    package var username: String
    package var fullName: String?
    package var avatarURL: String?
    package var statusText: String?
    package var createdAt: Timestamp
    package var lastSeen: Timestamp?
    /// Shown to the user alone.
    package var email: String
    /// Shown to the user alone.
    package var role: UserRole

    /// How many chats a user may be taken into, so that whoever takes somebody into chats does not close their sockets.
    ///
    /// Half of what one socket takes, since many who take somebody in at once may go beyond it a little.
    package static let chatLimit = 5_000

    /// Makes a user of all its fields.
    package init(
        id: UserID,
        username: String,
        fullName: String? = nil,
        avatarURL: String? = nil,
        statusText: String? = nil,
        createdAt: Timestamp,
        lastSeen: Timestamp? = nil,
        email: String,
        role: UserRole = .user
    ) {
        self.id = id
        self.username = username
        self.fullName = fullName
        self.avatarURL = avatarURL
        self.statusText = statusText
        self.createdAt = createdAt
        self.lastSeen = lastSeen
        self.email = email
        self.role = role
    }
}

/// A user with the secret that logging in is checked against.
package struct Credentials: Sendable {
    package var user: User
    /// The encoded password hash.
    package var passwordHash: String
    package var isDisabled: Bool

    /// Makes credentials of all their fields.
    package init(user: User, passwordHash: String, isDisabled: Bool) {
        self.user = user
        self.passwordHash = passwordHash
        self.isDisabled = isDisabled
    }
}

/// Who is calling, as the access token says.
package struct Caller: Sendable, Equatable {
    package var user: UserID
    package var session: SessionID
    /// When the access token ends.
    package var expiresAt: Timestamp

    /// Makes a caller of all its fields.
    package init(user: UserID, session: SessionID, expiresAt: Timestamp) {
        self.user = user
        self.session = session
        self.expiresAt = expiresAt
    }
}

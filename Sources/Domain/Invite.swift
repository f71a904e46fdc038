/// A link that lets people into a group by themselves.
package struct Invite: Sendable, Equatable {
    package var chat: ChatID
    /// What whoever comes shows; knowing it is all it takes.
    package var code: String
    package var createdBy: UserID
    package var createdAt: Timestamp
    /// Nil for one that does not end by itself.
    package var expiresAt: Timestamp?
    /// How many may come by it; nil for any number.
    package var maxUses: Int?
    /// How many have come by it.
    package var uses: Int

    /// Most invites of a chat at a time, of those that still let somebody in.
    package static let limit = 50

    /// Makes an invite of all its fields.
    package init(
        chat: ChatID,
        code: String,
        createdBy: UserID,
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        maxUses: Int?,
        uses: Int
    ) {
        self.chat = chat
        self.code = code
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.maxUses = maxUses
        self.uses = uses
    }

    /// Whether it still lets somebody in.
    package func isGood(at now: Timestamp) -> Bool {
        (expiresAt.map { $0 > now } ?? true) && (maxUses.map { uses < $0 } ?? true)
    }
}

/// What the maker of an invite asks for.
package struct InviteDraft: Sendable, Equatable {
    /// When an invite ends by itself, by the clock of the store.
    package enum End: Sendable, Equatable {
        case never
        case after(Duration)
        case at(Timestamp)
    }

    package var end: End
    /// Nil for any number.
    package var maxUses: Int?

    /// Makes a draft of all its fields.
    package init(end: End = .never, maxUses: Int? = nil) {
        self.end = end
        self.maxUses = maxUses
    }
}

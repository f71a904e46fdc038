/// How present a user is, on one device or over all of them.
package enum PresenceStatus: String, Sendable, CaseIterable {
    /// No device is connected.
    case offline
    /// Connected, and nobody at it.
    case away
    case online
    /// Connected, and not to be disturbed.
    case doNotDisturb = "dnd"
    /// Connected, and seen by others as if not.
    case invisible

    /// What others see.
    package var asSeen: PresenceStatus { self == .invisible ? .offline : self }

    /// How present somebody is whose devices say these: invisible if any does, else the strongest of `dnd`, `online` and
    /// `away`, and offline without any.
    package static func aggregate(of devices: some Sequence<PresenceStatus>) -> PresenceStatus {
        devices.max { $0.rank < $1.rank } ?? .offline
    }

    private var rank: Int {
        switch self {
        case .offline: 0
        case .away: 1
        case .online: 2
        case .doNotDisturb: 3
        case .invisible: 4
        }
    }
}

/// What some of a user's devices say together.
package struct PresenceReport: Sendable, Equatable {
    package var user: UserID
    package var status: PresenceStatus
    /// How long it holds unless it is repeated.
    package var lifetime: Duration

    /// Makes a report of all its fields.
    package init(user: UserID, status: PresenceStatus, lifetime: Duration) {
        self.user = user
        self.status = status
        self.lifetime = lifetime
    }
}

/// What all devices of a user say together, and what others were told before.
package struct PresenceState: Sendable, Equatable {
    package var user: UserID
    package var before: PresenceStatus
    package var status: PresenceStatus
    /// Whether it is for the caller to tell that it is no longer as before: exactly one caller gets a change.
    package var isNews: Bool
    /// When a device last said something.
    package var lastSeen: Timestamp
    /// When others were last told, by the clock of the store; with news, the moment that names this change of the user.
    package var toldAt: Timestamp

    /// Makes a state of all its fields.
    package init(
        user: UserID,
        before: PresenceStatus,
        status: PresenceStatus,
        isNews: Bool,
        lastSeen: Timestamp,
        toldAt: Timestamp
    ) {
        self.user = user
        self.before = before
        self.status = status
        self.isNews = isNews
        self.lastSeen = lastSeen
        self.toldAt = toldAt
    }

    /// Two changes in one, for those who were not told of the first.
    ///
    /// Whoever is unseen before and after the second was last seen at the first: neither when somebody invisible left nor that
    /// somebody who had left came back unseen is anybody's business.
    package func following(_ earlier: PresenceState) -> PresenceState {
        var both = self
        both.before = earlier.before
        if before.asSeen == .offline, status.asSeen == .offline { both.lastSeen = earlier.lastSeen }
        return both
    }
}

/// Names a change of somebody's presence.
package struct PresenceMark: Sendable, Equatable {
    package var user: UserID
    /// When others were told, by the clock of the store; later of later changes, also where another store takes over whose clock
    /// is behind.
    package var toldAt: Timestamp

    /// Makes a mark of all its fields.
    package init(user: UserID, toldAt: Timestamp) {
        self.user = user
        self.toldAt = toldAt
    }
}

/// What a store of several parts answers, some of which may be away.
package struct PresenceAnswer: Sendable {
    /// What those parts said that answered.
    package var states: [PresenceState]
    /// Users whose reports may not have been taken.
    package var unanswered: Set<UserID>
    /// Why a part did not answer; nil where all did.
    package var failure: StoreError?

    /// An answer; of nobody, unless given.
    package init(states: [PresenceState] = [], unanswered: Set<UserID> = [], failure: StoreError? = nil) {
        self.states = states
        self.unanswered = unanswered
        self.failure = failure
    }
}

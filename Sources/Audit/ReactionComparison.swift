package import Domain

/// The newest event of one user's emoji on a message.
package struct ReactionFacts: Sendable, Equatable {
    package var isOn: Bool
    /// Of that event.
    package var revision: Offset
    package var at: Timestamp
    /// A redo row still holds an operation on the message.
    package var isCovered: Bool

    /// Makes facts of all their fields.
    package init(isOn: Bool, revision: Offset, at: Timestamp, isCovered: Bool = false) {
        self.isOn = isOn
        self.revision = revision
        self.at = at
        self.isCovered = isCovered
    }
}

/// A document of `reactions` as it was found; what cannot be read is on at no revision.
package struct FoundReaction: Sendable, Equatable {
    package var isOn: Bool
    package var revision: Offset
    package var at: Timestamp

    /// Makes one of all its fields.
    package init(isOn: Bool, revision: Offset, at: Timestamp) {
        self.isOn = isOn
        self.revision = revision
        self.at = at
    }
}

/// Compares a reaction in MongoDB with the events.
package enum ReactionComparison {
    /// What differs; empty where both stores agree.
    package static func differences(_ facts: ReactionFacts?, _ found: FoundReaction?) -> [FindingKind] {
        switch (facts, found) {
        case (nil, nil): []
        case (nil, .some): [.ghostReaction]
        case (.some(let facts), nil): facts.isOn ? [.missingReaction] : [.staleReaction]
        case (.some(let facts), .some(let found)):
            if facts.isOn != found.isOn {
                found.isOn ? [.ghostReaction] : [.missingReaction]
            } else {
                facts.revision == found.revision && facts.at == found.at ? [] : [.staleReaction]
            }
        }
    }
}

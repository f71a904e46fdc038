package import Domain

/// The edit that replaced a body.
package struct RevisionFacts: Sendable, Equatable {
    package var editedBy: UserID
    /// When it was replaced.
    package var at: Timestamp
    /// The content is to be gone from every revision of the message.
    package var isPurged: Bool
    /// The purge is decided, and may not have reached MongoDB.
    package var isPurgePending: Bool
    /// A redo row still holds an operation on the message.
    package var isCovered: Bool

    /// Makes facts of all their fields.
    package init(
        editedBy: UserID,
        at: Timestamp,
        isPurged: Bool = false,
        isPurgePending: Bool = false,
        isCovered: Bool = false
    ) {
        self.editedBy = editedBy
        self.at = at
        self.isPurged = isPurged
        self.isPurgePending = isPurgePending
        self.isCovered = isCovered
    }
}

/// A document of `revisions` as it was found.
package struct FoundRevision: Sendable, Equatable {
    package var hasContent: Bool

    /// Makes one of all its fields.
    package init(hasContent: Bool) { self.hasContent = hasContent }
}

/// Compares a revision in MongoDB with the events.
package enum RevisionComparison {
    /// What differs; empty where both stores agree.
    package static func differences(_ facts: RevisionFacts?, _ found: FoundRevision?) -> [FindingKind] {
        switch (facts, found) {
        case (nil, nil): []
        case (nil, .some): [.orphanRevision]
        case (.some, nil): [.missingRevision]
        case (.some(let facts), .some(let found)):
            facts.isPurged && !facts.isPurgePending && found.hasContent ? [.unpurgedRevision] : []
        }
    }
}

package import Domain

/// A thread counted anew from its replies, and what the metadata of its root says of it.
package struct ThreadFacts: Sendable, Equatable {
    /// What the replies that are not deleted come to.
    package var counted: ThreadState
    /// What the root's metadata has; nil where the root is missing.
    package var kept: ThreadState?
    /// A redo row still holds an operation on the root or on one of its replies.
    package var isCovered: Bool

    /// Makes facts of all their fields.
    package init(counted: ThreadState, kept: ThreadState?, isCovered: Bool = false) {
        self.counted = counted
        self.kept = kept
        self.isCovered = isCovered
    }
}

/// A document of `threads` as it was found; nil state where it cannot be read.
package struct FoundThread: Sendable, Equatable {
    package var state: ThreadState?

    /// Makes one of all its fields.
    package init(state: ThreadState?) { self.state = state }
}

/// Compares a thread's summaries in both stores with its replies.
package enum ThreadComparison {
    /// What differs; empty where both stores agree.
    package static func differences(_ facts: ThreadFacts?, _ found: FoundThread?) -> [FindingKind] {
        guard let facts else { return found == nil ? [] : [.orphanThread] }
        return facts.kept == facts.counted && found?.state == facts.counted ? [] : [.threadDrift]
    }
}

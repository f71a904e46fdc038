/// One word that a search looks for.
package struct SearchTerm: Sendable, Hashable {
    /// Folded; never empty.
    package var text: String
    /// How many positions behind the first word of its clause.
    package var offset: Int
    /// Whether words that begin with it will do.
    package var isPrefix: Bool

    /// Makes a term of all its fields.
    package init(_ text: String, offset: Int = 0, isPrefix: Bool = false) {
        self.text = text
        self.offset = offset
        self.isPrefix = isPrefix
    }
}

/// Words that must stand in a message as they follow each other here; never empty, the first has offset 0.
package struct SearchClause: Sendable, Hashable {
    package var terms: [SearchTerm]

    /// Makes a clause of its terms, in the order of their offsets.
    package init(_ terms: [SearchTerm]) { self.terms = terms }
}

/// What a search asks for.
package struct SearchCriteria: Sendable, Hashable {
    /// Whose messages are looked for.
    package enum Sender: Sendable, Hashable {
        case me
        /// In lower case; perhaps of nobody.
        case username(String)
    }

    /// All of them must be in a message.
    package var required: [SearchClause] = []
    /// None of them may be.
    package var excluded: [SearchClause] = []
    package var sender: Sender?
    package var chat: ChatID?
    /// Not before this time.
    package var low: Timestamp?
    /// Before this time.
    package var high: Timestamp?
    package var hasLink = false
    package var hasFile = false

    /// Asks for everything.
    package init() {}
}

/// What a message is found by.
package struct SearchDocument: Sendable, Equatable {
    package var message: MessageID
    /// Of the body that this was made of.
    package var revision: Offset
    package var sender: UserID
    package var createdAt: Timestamp
    package var hasLink: Bool
    package var hasFile: Bool
    /// The folded words with their positions, which ascend from 1.
    package var words: [String: [Int]]

    /// Makes a document of all its fields.
    package init(
        message: MessageID,
        revision: Offset,
        sender: UserID,
        createdAt: Timestamp,
        hasLink: Bool,
        hasFile: Bool,
        words: [String: [Int]]
    ) {
        self.message = message
        self.revision = revision
        self.sender = sender
        self.createdAt = createdAt
        self.hasLink = hasLink
        self.hasFile = hasFile
        self.words = words
    }
}

/// A message as some event left it, such as one that a search found as it was indexed.
package struct SearchHit: Sendable, Hashable {
    package var message: MessageID
    package var revision: Offset

    /// Makes a hit.
    package init(_ message: MessageID, _ revision: Offset) {
        self.message = message
        self.revision = revision
    }
}

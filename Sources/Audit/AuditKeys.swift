package import Domain

/// Names a document, and orders documents as MongoDB and Postgres order them both.
package protocol AuditKey: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// The chat it belongs to; the first thing keys are ordered by.
    var chat: ChatID { get }
}

extension MessageID: AuditKey {
    package static func < (left: MessageID, right: MessageID) -> Bool {
        (left.chat, left.sequence) < (right.chat, right.sequence)
    }
}

/// Names the reaction of one user with one emoji.
///
/// Emoji are told apart and ordered by their bytes, as the stores do, not by what Unicode holds to be the same.
package struct ReactionKey: AuditKey {
    package let message: MessageID
    package let user: UserID
    package let emoji: String

    /// Names the reaction of `user` on `message`.
    package init(message: MessageID, user: UserID, emoji: String) {
        self.message = message
        self.user = user
        self.emoji = emoji
    }

    package var chat: ChatID { message.chat }
    package var description: String { "\(message)/\(user)/\(emoji)" }

    package static func == (left: ReactionKey, right: ReactionKey) -> Bool {
        left.message == right.message && left.user == right.user && left.emoji.utf8.elementsEqual(right.emoji.utf8)
    }

    package static func < (left: ReactionKey, right: ReactionKey) -> Bool {
        if left.message != right.message { return left.message < right.message }
        if left.user != right.user { return left.user < right.user }
        return left.emoji.utf8.lexicographicallyPrecedes(right.emoji.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(message)
        hasher.combine(user)
        for byte in emoji.utf8 { hasher.combine(byte) }
    }
}

/// Names what a message said at one revision.
package struct RevisionKey: AuditKey {
    package let message: MessageID
    package let revision: Offset

    /// Names a revision of `message`.
    package init(message: MessageID, revision: Offset) {
        self.message = message
        self.revision = revision
    }

    package var chat: ChatID { message.chat }
    package var description: String { "\(message)@\(revision)" }

    package static func < (left: RevisionKey, right: RevisionKey) -> Bool {
        left.message == right.message ? left.revision < right.revision : left.message < right.message
    }
}

/// What the stores hold of one chat once everything has settled, and what the nodes show of it.
package struct StoredChat: Sendable {
    package let chat: Int64
    package var lastSequence: Int64 = 0
    package var lastOffset: Int64 = 0
    /// Who was in it from its first event on.
    package var founders: Set<Int64> = []
    /// The rows of `participants`.
    package var members: Set<Int64> = []
    package var events: [Event] = []
    /// The rows of `message_metadata`, by sequence.
    package var metadata: [Int64: Metadata] = [:]
    /// The documents in `messages`, by sequence.
    package var bodies: [Int64: Body] = [:]
    /// The documents in `reactions` that are on.
    package var reactions: Set<Reaction> = []
    /// The rows of `pins`.
    package var pins: Set<Int64> = []
    /// The history that each node answers, by the node's name.
    package var histories: [String: [Message]] = [:]

    /// A row of `chat_events`.
    package struct Event: Sendable {
        package var offset: Int64
        package var kind: Int
        package var actor: Int64
        package var operation: String
        package var sequence: Int64?
        package var target: Int64?
        package var targetUser: Int64?
        package var emoji: String?

        package init(
            offset: Int64,
            kind: Int,
            actor: Int64,
            operation: String,
            sequence: Int64? = nil,
            target: Int64? = nil,
            targetUser: Int64? = nil,
            emoji: String? = nil
        ) {
            self.offset = offset
            self.kind = kind
            self.actor = actor
            self.operation = operation
            self.sequence = sequence
            self.target = target
            self.targetUser = targetUser
            self.emoji = emoji
        }
    }

    /// A row of `message_metadata`.
    package struct Metadata: Sendable {
        package var revision: Int64
        package var isDeleted: Bool
        package var isPurged: Bool

        package init(revision: Int64, isDeleted: Bool = false, isPurged: Bool = false) {
            self.revision = revision
            self.isDeleted = isDeleted
            self.isPurged = isPurged
        }
    }

    /// A document of `messages`.
    package struct Body: Sendable {
        package var revision: Int64
        package var isDeleted: Bool
        package var content: String?

        package init(revision: Int64, isDeleted: Bool = false, content: String?) {
            self.revision = revision
            self.isDeleted = isDeleted
            self.content = content
        }
    }

    /// One user's emoji on one message.
    package struct Reaction: Sendable, Hashable {
        package var sequence: Int64
        package var user: Int64
        package var emoji: String

        package init(sequence: Int64, user: Int64, emoji: String) {
            self.sequence = sequence
            self.user = user
            self.emoji = emoji
        }
    }

    /// A message as a node shows it.
    package struct Message: Sendable {
        package var sequence: Int64
        package var revision: Int64
        package var isDeleted: Bool
        package var content: String?
        package var clientID: String?

        package init(sequence: Int64, revision: Int64, isDeleted: Bool = false, content: String?, clientID: String?) {
            self.sequence = sequence
            self.revision = revision
            self.isDeleted = isDeleted
            self.content = content
            self.clientID = clientID
        }
    }

    package init(chat: Int64) { self.chat = chat }
}

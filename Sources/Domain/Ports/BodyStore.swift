/// MongoDB, where bodies are kept for reading.
///
/// Loop-bound. All methods throw `StoreError`.
package protocol BodyStore: AnyObject {
    /// Makes every image stand durably (majority, journalled) unless a newer one does.
    ///
    /// Returns only when that is true of all of them; throws otherwise, with some of them perhaps written. An error that
    /// names chats says that their images will never be taken as they are, and that those of all other chats stand.
    func apply(_ images: [PostImage]) async throws

    /// The messages of a chat in a closed range of numbers as a majority sees them, ascending; holes are left out.
    func messages(of chat: ChatID, in range: ClosedRange<SequenceNumber>) async throws -> [MessageImage]

    /// The reactions on messages in a closed range of numbers, as they stood at an offset, without those named.
    ///
    /// A reaction that changed after `offset` is left out: its event tells. Emojis come in the order of their oldest
    /// reaction, at most `ReactionGroup.emojiLimit`; users in the order of theirs, at most `ReactionGroup.userLimit`.
    func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> [SequenceNumber: [ReactionGroup]]

    /// The messages with these ascending numbers and the reactions on them, read at the same time; holes are left out.
    ///
    /// What stands, and in which order, is as of `messages` and `reactions`.
    func contents(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> BodyContents

    /// Single messages of many chats and the reactions on them, read at the same time; what there is none of is left out.
    func contents(of lookups: [BodyLookup]) async throws -> [MessageID: StoredMessage]

    /// Single messages of many chats as a majority sees them; what there is none of is left out.
    func images(_ messages: [MessageID]) async throws -> [MessageID: MessageImage]

    /// What a message said before, above a revision: the first `limit` of it, oldest first.
    func revisions(of message: MessageID, after revision: Offset, limit: Int) async throws -> [RevisionImage]

    /// Erases the content of tombstones and of their revisions, on a majority; the documents stay.
    ///
    /// A document that has changed since is left alone; answers the targets that are erased.
    @discardableResult
    func purge(_ targets: [PurgeTarget]) async throws -> [PurgeTarget]
}

/// One message that is read together with others.
package struct BodyLookup: Sendable, Equatable {
    package var message: MessageID
    /// Reactions are those that stood at this offset.
    package var offset: Offset
    /// Reactions that do not count.
    package var excluded: [ReactionID]

    /// Makes a lookup of all its fields.
    package init(_ message: MessageID, upTo offset: Offset, excluding excluded: [ReactionID]) {
        self.message = message
        self.offset = offset
        self.excluded = excluded
    }
}

/// A message as it stands and the reactions on it.
package struct StoredMessage: Sendable, Equatable {
    package var image: MessageImage
    package var reactions: [ReactionGroup]

    /// Joins a document and the reactions on it.
    package init(image: MessageImage, reactions: [ReactionGroup] = []) {
        self.image = image
        self.reactions = reactions
    }
}

/// Messages of a chat and the reactions on them.
package struct BodyContents: Sendable, Equatable {
    package var messages: [SequenceNumber: MessageImage]
    package var reactions: [SequenceNumber: [ReactionGroup]]

    /// Joins messages and reactions.
    package init(
        messages: [SequenceNumber: MessageImage] = [:],
        reactions: [SequenceNumber: [ReactionGroup]] = [:]
    ) {
        self.messages = messages
        self.reactions = reactions
    }
}

/// One emoji on a message as the store counts it.
package struct ReactionGroup: Sendable, Equatable {
    /// Most users a group names; all are counted.
    package static let userLimit = 20
    /// Most emojis of a message that are shown, so that one message cannot make every page long.
    package static let emojiLimit = 100

    package var emoji: String
    package var count: Int
    /// The first by revision, at most `userLimit`.
    package var users: [(user: UserID, revision: Offset)]

    /// Makes a group of all its fields.
    package init(emoji: String, count: Int, users: [(user: UserID, revision: Offset)]) {
        self.emoji = emoji
        self.count = count
        self.users = users
    }

    package static func == (left: ReactionGroup, right: ReactionGroup) -> Bool {
        left.emoji == right.emoji && left.count == right.count
            && left.users.elementsEqual(right.users) { $0.user == $1.user && $0.revision == $1.revision }
    }
}

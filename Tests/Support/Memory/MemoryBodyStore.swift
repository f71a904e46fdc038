package import Domain

/// The twin of MongoDB.
package final class MemoryBodyStore: BodyStore {
    private struct RevisionID: Hashable {
        let message: MessageID
        let revision: Offset
    }

    private var images: [MessageID: MessageImage] = [:]
    private var revisionImages: [RevisionID: RevisionImage] = [:]
    private var reactionImages: [ReactionID: ReactionImage] = [:]
    private var threadImages: [MessageID: ThreadImage] = [:]

    /// While set, every method throws it and does nothing.
    package var outage: StoreError?
    /// Chats whose images it refuses for good, as the validators refuse a document.
    package var refused: Set<ChatID> = []
    /// Awaited after messages were read and before they are told.
    package var afterContents: () async -> Void = {}

    /// An empty store.
    package init() {}

    package func apply(_ images: [PostImage]) async throws {
        if let outage { throw outage }
        var failed: Set<ChatID> = []
        for image in images {
            if refused.contains(image.chat) {
                failed.insert(image.chat)
            } else if !apply(image) {
                failed.insert(image.chat)
            }
        }
        guard failed.isEmpty else { throw StoreError(.mongo, .permanent, "refused", chats: failed) }
    }

    /// False when another operation made what stands at this revision.
    private func apply(_ image: PostImage) -> Bool {
        switch image {
        case .message(let image):
            guard let known = images[image.id], known.revision >= image.revision else {
                images[image.id] = image
                return true
            }
            return known.revision > image.revision || known.operation == image.operation
        case .revision(let image):
            let id = RevisionID(message: image.message, revision: image.revision)
            if revisionImages[id] == nil { revisionImages[id] = image }
        case .reaction(let image):
            if (reactionImages[image.id]?.revision ?? .zero) < image.revision { reactionImages[image.id] = image }
        case .thread(let image):
            let root = MessageID(chat: image.chat, sequence: image.state.root)
            if (threadImages[root]?.revision ?? .zero) < image.revision { threadImages[root] = image }
        }
        return true
    }

    /// Puts something else in a message without an event, as a repair does.
    package func repair(_ message: MessageID, to content: String) {
        if images[message]?.isDeleted == false { images[message]?.content = content }
    }

    package func purge(_ targets: [PurgeTarget]) async throws -> [PurgeTarget] {
        if let outage { throw outage }
        let erased = targets.filter { target in
            images[target.message].map { $0.revision == target.revision && $0.isDeleted } ?? false
        }
        for target in erased {
            images[target.message]?.content = nil
            images[target.message]?.attachments = []
            images[target.message]?.mentions = []
            for id in revisionImages.keys where id.message == target.message { revisionImages[id]?.content = nil }
        }
        return erased
    }

    package func messages(of chat: ChatID, in range: ClosedRange<SequenceNumber>) async throws -> [MessageImage] {
        if let outage { throw outage }
        return images.values.filter { $0.id.chat == chat && range.contains($0.id.sequence) }
            .sorted { $0.id.sequence < $1.id.sequence }
    }

    package func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> [SequenceNumber: [ReactionGroup]] {
        if let outage { throw outage }
        return reactions(of: chat, upTo: offset, excluding: excluding) { range.contains($0) }
    }

    package func contents(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> BodyContents {
        if let outage { throw outage }
        let numbers = Set(sequences)
        let messages = images.values.filter { $0.id.chat == chat && numbers.contains($0.id.sequence) }
        let contents = BodyContents(
            messages: Dictionary(messages.map { ($0.id.sequence, $0) }, uniquingKeysWith: { $1 }),
            reactions: reactions(of: chat, upTo: offset, excluding: excluding) { numbers.contains($0) }
        )
        await afterContents()
        return contents
    }

    package func images(_ messages: [MessageID]) async throws -> [MessageID: MessageImage] {
        if let outage { throw outage }
        let asked = Set(messages)
        return images.filter { asked.contains($0.key) }
    }

    package func contents(of lookups: [BodyLookup]) async throws -> [MessageID: StoredMessage] {
        if let outage { throw outage }
        var contents: [MessageID: StoredMessage] = [:]
        for lookup in lookups {
            let (chat, number) = (lookup.message.chat, lookup.message.sequence)
            let groups = reactions(of: chat, upTo: lookup.offset, excluding: lookup.excluded) { $0 == number }
            contents[lookup.message] = images[lookup.message].map {
                StoredMessage(image: $0, reactions: groups[number] ?? [])
            }
        }
        await afterContents()
        return contents
    }

    private func reactions(
        of chat: ChatID,
        upTo offset: Offset,
        excluding: [ReactionID],
        _ isAsked: (SequenceNumber) -> Bool
    ) -> [SequenceNumber: [ReactionGroup]] {
        let standing = reactionImages.values.filter { image in
            image.isOn && image.revision <= offset && image.id.message.chat == chat
                && isAsked(image.id.message.sequence) && !excluding.contains(image.id)
        }
        return Dictionary(grouping: standing, by: \.id.message.sequence).mapValues { images in
            let groups = Dictionary(grouping: images, by: \.id.emoji).map { emoji, images in
                let users = images.sorted { $0.revision < $1.revision }.map {
                    (user: $0.id.user, revision: $0.revision)
                }
                return ReactionGroup(emoji: emoji, count: images.count, users: Array(users.prefix(20)))
            }
            return Array(groups.sorted { $0.users[0].revision < $1.users[0].revision }.prefix(100))
        }
    }

    package func revisions(
        of message: MessageID,
        after revision: Offset,
        limit: Int
    ) async throws -> [RevisionImage] {
        if let outage { throw outage }
        let above = revisionImages.values.filter { $0.message == message && $0.revision > revision }
        return Array(above.sorted { $0.revision < $1.revision }.prefix(limit))
    }

    /// The summary of a thread, which only data teams read in MongoDB.
    package func thread(_ root: MessageID) -> ThreadImage? { threadImages[root] }
}

extension PostImage {
    /// The chat whose document it is.
    var chat: ChatID {
        switch self {
        case .message(let image): image.id.chat
        case .revision(let image): image.message.chat
        case .reaction(let image): image.id.message.chat
        case .thread(let image): image.chat
        }
    }
}

internal import Domain

/// What unfinished operations make of a chat's documents, to be laid over what MongoDB holds: of each document the newest.
struct RedoOverlay {
    private var messages: [SequenceNumber: MessageImage] = [:]
    private var reactions: [ReactionID: ReactionImage] = [:]
    private var revisions: [RevisionImage] = []

    init(_ redo: [CommittedOperation]) {
        for image in redo.flatMap(PostImages.documents(of:)) {
            switch image {
            case .message(let image):
                if (messages[image.id.sequence]?.revision ?? .zero) < image.revision {
                    messages[image.id.sequence] = image
                }
            case .reaction(let image):
                if (reactions[image.id]?.revision ?? .zero) < image.revision { reactions[image.id] = image }
            case .revision(let image): revisions.append(image)
            // Postgres tells a page its threads.
            case .thread: break
            }
        }
    }

    /// The reactions that the overlay tells, so that MongoDB's state of them does not count.
    var reactionIDs: [ReactionID] { Array(reactions.keys) }

    /// The newer of a message's documents.
    func message(_ sequence: SequenceNumber, over stored: MessageImage?) -> MessageImage? {
        guard let image = messages[sequence], (stored?.revision ?? .zero) < image.revision else { return stored }
        return image
    }

    /// The reactions on a message: those that MongoDB counts without `reactionIDs`, and those that stand here.
    func reactions(on sequence: SequenceNumber, over stored: [ReactionGroup]) -> [ReactionSummary] {
        var groups = Dictionary(stored.map { ($0.emoji, $0) }, uniquingKeysWith: { $1 })
        for image in reactions.values where image.isOn && image.id.message.sequence == sequence {
            groups[image.id.emoji, default: ReactionGroup(emoji: image.id.emoji, count: 0, users: [])].count += 1
            groups[image.id.emoji]?.users.append((image.id.user, image.revision))
        }
        return groups.values.map { group in
            var group = group
            group.users.sort { $0.revision < $1.revision }
            return group
        }
        .sorted { ($0.users.first?.revision ?? .zero) < ($1.users.first?.revision ?? .zero) }
        .prefix(ReactionGroup.emojiLimit)
        .map { group in
            let users = group.users.prefix(ReactionGroup.userLimit).map(\.user)
            return ReactionSummary(emoji: group.emoji, count: group.count, users: users)
        }
    }

    /// What a message said before, oldest first.
    func revisions(of message: MessageID, over stored: [RevisionImage]) -> [RevisionImage] {
        var images = Dictionary(stored.map { ($0.revision, $0) }, uniquingKeysWith: { $1 })
        for image in revisions where image.message == message && images[image.revision] == nil {
            images[image.revision] = image
        }
        return images.values.sorted { $0.revision < $1.revision }
    }
}

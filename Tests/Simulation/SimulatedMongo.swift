internal import Domain

/// Documents that only give way to newer ones.
struct SimulatedMongo {
    /// Names one document.
    enum Key: Hashable {
        case message(MessageID)
        case revision(MessageID, Offset)
        case reaction(ReactionID)
        case thread(ChatID, SequenceNumber)
    }

    private(set) var documents: [Key: PostImage] = [:]
    /// Chats with a document that is refused for good, while it is.
    var refused: Set<ChatID> = []
    private let bug: PlantedBug?

    init(bug: PlantedBug?) { self.bug = bug }

    /// Writes one document, unless a newer one stands there.
    mutating func write(_ image: PostImage) {
        if bug != .noGuard, let known = documents[image.key], known.revision >= image.revision { return }
        documents[image.key] = image
    }

    /// Whether a document as new as this one stands there.
    func holds(_ image: PostImage) -> Bool {
        documents[image.key].map { $0.revision >= image.revision } ?? false
    }

    func message(_ id: MessageID) -> MessageImage? {
        if case .message(let image)? = documents[.message(id)] { image } else { nil }
    }
}

extension PostImage {
    var key: SimulatedMongo.Key {
        switch self {
        case .message(let image): .message(image.id)
        case .revision(let image): .revision(image.message, image.revision)
        case .reaction(let image): .reaction(image.id)
        case .thread(let image): .thread(image.chat, image.state.root)
        }
    }

    var revision: Offset {
        switch self {
        case .message(let image): image.revision
        case .revision(let image): image.revision
        case .reaction(let image): image.revision
        case .thread(let image): image.revision
        }
    }

    var chat: ChatID {
        switch self {
        case .message(let image): image.id.chat
        case .revision(let image): image.message.chat
        case .reaction(let image): image.id.message.chat
        case .thread(let image): image.chat
        }
    }
}

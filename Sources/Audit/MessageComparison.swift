package import Domain
internal import Messaging

/// A document of `messages` as it was found.
package enum FoundBody: Sendable, Equatable {
    case image(MessageImage)
    /// It does not read as a message.
    case unreadable
}

/// Compares a message in MongoDB with what Postgres knows of it.
package enum MessageComparison {
    /// What differs; empty where both stores agree.
    ///
    /// At most one kind speaks of the metadata and at most one of the document, the weightiest. A message that a redo row
    /// covers is not judged by the caller; nil facts mean that Postgres has no such message.
    package static func differences(_ facts: MessageFacts?, _ body: FoundBody?) -> [FindingKind] {
        guard let facts else { return body == nil ? [] : [.orphanBody] }
        let own = metadataDifference(facts)
        // Without its event there is nothing to hold the document against.
        guard own != .metadataOrphan, let other = bodyDifference(facts, body) else { return own.map { [$0] } ?? [] }
        return own.map { [$0, other] } ?? [other]
    }

    /// What the content is, told by the hash of the event that made it.
    ///
    /// Nil where nothing can be told: the content is purged, or there is no such event.
    package static func bearsOut(_ image: MessageImage, _ facts: MessageFacts) -> Bool? {
        guard !facts.isPurged, let event = facts.contentEvent else { return nil }
        guard let content = image.content else { return false }
        if facts.edited != nil {
            let edit = MessageEdit(content: content)
            if OperationCodec.hash(of: .editMessage(edit, of: image)) == event.hash { return true }
            let withMentions = MessageEdit(content: content, mentions: image.mentions)
            return OperationCodec.hash(of: .editMessage(withMentions, of: image)) == event.hash
        }
        return hash(ofNew: image) == event.hash
    }

    /// What the event of the message has as its hash if the message is as it was sent.
    package static func hash(ofNew image: MessageImage) -> [UInt8] {
        let draft = MessageDraft(
            type: image.type,
            content: image.content ?? "",
            replyTo: image.replyTo,
            threadRoot: image.threadRoot,
            attachments: image.attachments,
            mentions: image.mentions
        )
        return OperationCodec.hash(of: .createMessage(draft))
    }

    private static func metadataDifference(_ facts: MessageFacts) -> FindingKind? {
        guard let created = facts.created, created.kind == .messageCreated, created.sequence == facts.id.sequence else {
            return .metadataOrphan
        }
        let agrees =
            created.actor == facts.sender && created.at == facts.createdAt && facts.edited?.at == facts.editedAt
            && facts.revision == facts.provenRevision && facts.isDeleted == facts.isProvenDeleted
        return agrees ? nil : .metadataDrift
    }

    private static func bodyDifference(_ facts: MessageFacts, _ body: FoundBody?) -> FindingKind? {
        guard let body else { return .missingBody }
        guard case .image(let image) = body else { return .unreadableBody }
        if image.revision < facts.provenRevision { return .staleBody }
        if image.revision > facts.provenRevision { return .futureBody }
        if facts.isProvenDeleted != image.isDeleted {
            return facts.isProvenDeleted ? .resurrectedDelete : .falseTombstone
        }
        if facts.isPurged {
            let isErased = image.content == nil && image.attachments.isEmpty && image.mentions.isEmpty
            if !isErased, !facts.isPurgePending { return .unpurgedBody }
        }
        if !agrees(image, with: facts) { return .alteredFields }
        return bearsOut(image, facts) == false ? .alteredBody : nil
    }

    private static func agrees(_ image: MessageImage, with facts: MessageFacts) -> Bool {
        image.sender == facts.created?.actor && image.type == facts.type && image.createdOffset == facts.offset
            && image.createdAt == facts.created?.at && image.editedAt == facts.edited?.at
            && image.replyTo == facts.replyTo && image.threadRoot == facts.threadRoot
            && image.operation == facts.operation
            && (image.clientMessageID == nil || image.clientMessageID == facts.created?.operation)
    }
}

extension EventKind {
    /// Whether such an event makes a new revision of a message that is there.
    package var changesBody: Bool {
        switch self {
        case .messageUpdated, .messageDeleted, .messageRestored: true
        default: false
        }
    }
}

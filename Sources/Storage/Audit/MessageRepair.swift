internal import Audit
internal import Domain
internal import Messaging
internal import Mongo
internal import Postgres

extension MessageAudit {
    private static let collection = BodyCollection.messages.rawValue

    func mend(
        _ key: MessageID,
        _ kinds: [FindingKind],
        _ facts: MessageFacts?,
        _ located: Located<MessageID, FoundBody>?,
        _ context: RepairContext
    ) async throws -> RepairPlan {
        guard let facts else {
            guard let located else { return .none }
            guard try await !Self.hasEvent(key, context) else {
                return .refuse("the event of the body is there, its metadata is not")
            }
            return .moveAside(located.raw, from: Self.collection, "moved an orphan body aside")
        }
        if kinds.contains(.metadataOrphan) { return Self.mendOrphan(facts, located, context) }
        var plan = RepairPlan()
        if kinds.contains(.metadataDrift) { plan.append(Self.mendMetadata(facts)) }
        if kinds.contains(where: { $0 != .metadataDrift }) {
            plan.append(try await mendBody(facts, located, context))
        }
        return plan
    }

    // MARK: Metadata

    /// Whether an event made the message; its offset is above its number, as the chat's own event comes first.
    private static func hasEvent(_ message: MessageID, _ context: RepairContext) async throws -> Bool {
        let query: PostgresQuery = """
            SELECT FROM chat_events e
            WHERE e.chat_id = \(message.chat.rawValue) AND e."offset" > \(message.sequence.rawValue)
              AND e.kind = 2 AND e.seq = \(message.sequence.rawValue) LIMIT 1
            """
        return try await !context.ask(query).isEmpty
    }

    /// Metadata without its event: the body, where there is one, still knows the event; metadata that nothing bears out goes.
    ///
    /// An offset that was given out had an event, so metadata that names one is not baseless, only bereft.
    private static func mendOrphan(
        _ facts: MessageFacts,
        _ located: Located<MessageID, FoundBody>?,
        _ context: RepairContext
    ) -> RepairPlan {
        guard facts.created == nil, facts.changed == nil else {
            return .refuse("the offset of the metadata is another event's")
        }
        var plan = RepairPlan()
        guard case .image(let image)? = located?.found, image.revision == facts.offset, image.content != nil,
            !image.isDeleted
        else {
            guard located == nil else {
                return .refuse("the event of the message is gone, and its body does not tell it")
            }
            if let last = context.lastOffset, facts.offset <= last {
                return .refuse("the event and the body of the message are gone")
            }
            plan.copies = [("message_metadata", document(facts), "metadata that no event and no body bears out")]
            plan.statements = [
                "DELETE FROM message_metadata WHERE chat_id = \(facts.id.chat.rawValue) AND seq = \(facts.id.sequence.rawValue)"
            ]
            plan.actions = ["moved metadata without event and body aside"]
            return plan
        }
        plan.statements = [
            """
            INSERT INTO chat_events (chat_id, "offset", kind, seq, actor_id, op_id, body_hash, at)
            VALUES (\(facts.id.chat.rawValue), \(facts.offset.rawValue), 2, \(facts.id.sequence.rawValue),
                    \(facts.sender.rawValue), \(PostgresUUID(image.operation)), \(MessageComparison.hash(ofNew: image)),
                    \(PostgresTimestamp(facts.createdAt)))
            ON CONFLICT DO NOTHING
            """
        ]
        plan.actions = ["restored an event from its message"]
        return plan
    }

    private static func document(_ facts: MessageFacts) -> BSONDocument {
        BSONDocument { writer in
            writer.document("_id") { AuditMongo.write(facts.id, to: &$0) }
            writer.int64("sender_id", facts.sender.rawValue)
            writer.string("type", facts.type.rawValue)
            writer.int64("offset", facts.offset.rawValue)
            writer.int64("rev", facts.revision.rawValue)
            writer.datetime("created_at", milliseconds: facts.createdAt.milliseconds)
            writer.append("thread_root", facts.threadRoot.map { .int64($0.rawValue) } ?? .null)
            writer.append("reply_to", facts.replyTo.map { .int64($0.rawValue) } ?? .null)
        }
    }

    private static func mendMetadata(_ facts: MessageFacts) -> RepairPlan {
        guard let created = facts.created else { return .none }
        let deletedAt = facts.changed?.kind == .messageDeleted ? facts.changed?.at : nil
        var plan = RepairPlan()
        plan.statements = [
            """
            UPDATE message_metadata
            SET sender_id = \(created.actor.rawValue), created_at = \(PostgresTimestamp(created.at)),
                edited_at = \(facts.edited.map { PostgresTimestamp($0.at) }), rev = \(facts.provenRevision.rawValue),
                deleted_at = CASE WHEN purged_at IS NULL THEN \(deletedAt.map(PostgresTimestamp.init))
                             ELSE coalesce(deleted_at, purged_at) END
            WHERE chat_id = \(facts.id.chat.rawValue) AND seq = \(facts.id.sequence.rawValue)
            """
        ]
        plan.actions = ["corrected metadata after the events"]
        return plan
    }

    // MARK: Bodies

    private func mendBody(
        _ facts: MessageFacts,
        _ located: Located<MessageID, FoundBody>?,
        _ context: RepairContext
    ) async throws -> RepairPlan {
        var current: MessageImage?
        if case .image(let image)? = located?.found { current = image }
        guard !facts.isPurged else {
            var plan = Self.rewrite(facts, .erased, located, "erased content that was to be purged")
            // Only what somebody did delete is erased for good.
            if !facts.isPurgePending, facts.changed?.kind != .messageDeleted {
                plan.keep(located, as: "erased as purged, which no deletion bears out")
            }
            return plan
        }
        if let current, MessageComparison.bearsOut(current, facts) == true {
            return Self.rewrite(facts, .of(current), located, "rewrote a body after its events")
        }
        if let kept = try await keptContent(facts, current, context) {
            var plan = Self.rewrite(facts, .of(kept), located, "restored a body from a kept copy")
            plan.keep(located, as: "replaced by the body that was committed")
            return plan
        }
        // What differs beside the content is mended with the content as it stands.
        if let current, current.revision == facts.provenRevision {
            guard !Self.agreesBesideContent(current, facts) else {
                return .refuse("no copy of the content that was committed")
            }
            var plan = Self.rewrite(facts, .of(current), located, "rewrote a body after its events")
            plan.keep(located, as: "rewritten after its events")
            return plan
        }
        return Self.giveUp(facts, located, context)
    }

    private enum Content {
        case erased
        case of(MessageImage)
    }

    private static func image(_ facts: MessageFacts, _ content: Content) -> MessageImage? {
        guard let created = facts.created, let operation = facts.operation else { return nil }
        var image = MessageImage(
            id: facts.id,
            revision: facts.provenRevision,
            createdOffset: facts.offset,
            sender: created.actor,
            type: facts.type,
            content: nil,
            createdAt: created.at,
            editedAt: facts.edited?.at,
            isDeleted: facts.isProvenDeleted,
            replyTo: facts.replyTo,
            threadRoot: facts.threadRoot,
            clientMessageID: created.operation,
            operation: operation
        )
        if case .of(let old) = content {
            image.content = old.content
            image.attachments = old.attachments
            image.mentions = old.mentions
            if old.clientMessageID == nil { image.clientMessageID = nil }
        }
        return image
    }

    private static func agreesBesideContent(_ current: MessageImage, _ facts: MessageFacts) -> Bool {
        image(facts, .of(current)) == current
    }

    private static func rewrite(
        _ facts: MessageFacts,
        _ content: Content,
        _ located: Located<MessageID, FoundBody>?,
        _ action: String
    ) -> RepairPlan {
        guard let image = image(facts, content) else { return .none }
        var plan = RepairPlan()
        plan.put(MessageDocument.write(image).document, over: located?.raw, in: collection)
        plan.actions = [action]
        return plan
    }

    /// The copies of a message that were set aside and read, newest first.
    static func keptImages(of message: MessageID, _ context: RepairContext) async throws -> [MessageImage] {
        let copies = try await SetAside.copies(from: collection, context.mongo) { AuditMongo.write(message, to: &$0) }
        return copies.compactMap { copy in
            guard case .image(let image) = body(copy) else { return nil }
            return image
        }
    }

    /// A copy, set aside or kept as a revision, whose content is what the last event hashed.
    private func keptContent(
        _ facts: MessageFacts,
        _ current: MessageImage?,
        _ context: RepairContext
    ) async throws -> MessageImage? {
        var candidates = try await Self.keptImages(of: facts.id, context)
        let key = RevisionKey(message: facts.id, revision: .zero)
        let chat = facts.id.chat.rawValue
        let window = AuditSelection.window(after: key, chats: chat...chat, limit: 100)
        let revisions = try await RevisionAudit.found(window, context.mongo, within: AuditMongo.lockedDeadline)
            .located
        for revision in revisions where revision.key.message == facts.id {
            guard let content = try? revision.raw.string(ifPresent: "content") else { continue }
            for var image in [current, Self.image(facts, .erased)].compactMap(\.self) {
                image.content = content
                candidates.append(image)
            }
        }
        return candidates.first { MessageComparison.bearsOut($0, facts) == true }
    }

    /// Neither store knows the content any more: a tombstone keeps the place, so that the chat can be read.
    private static func giveUp(
        _ facts: MessageFacts,
        _ located: Located<MessageID, FoundBody>?,
        _ context: RepairContext
    ) -> RepairPlan {
        var lost = facts
        lost.isDeleted = true
        lost.isPurged = true
        var plan = rewrite(lost, .erased, located, "content lost: left a tombstone")
        plan.keep(located, as: "not the content that was committed last")
        let now = PostgresTimestamp(context.now)
        plan.statements = [
            """
            UPDATE message_metadata SET deleted_at = coalesce(deleted_at, \(now)), purged_at = \(now)
            WHERE chat_id = \(facts.id.chat.rawValue) AND seq = \(facts.id.sequence.rawValue)
            """
        ]
        return plan
    }
}

extension RepairPlan {
    /// Keeps a copy of a body that is about to be replaced.
    fileprivate mutating func keep(_ located: Located<MessageID, FoundBody>?, as reason: String) {
        guard let raw = located?.raw else { return }
        copies.append((BodyCollection.messages.rawValue, raw, reason))
    }
}

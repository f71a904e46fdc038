internal import Audit
internal import Domain
internal import Mongo
internal import Postgres

/// Revisions: what each edit replaced against `revisions`.
final class RevisionAudit: AuditSource {
    typealias Key = RevisionKey
    typealias Facts = RevisionFacts
    typealias Found = FoundRevision

    private static let collection = BodyCollection.revisions.rawValue

    func isCovered(_ facts: RevisionFacts) -> Bool { facts.isCovered }

    func differences(_ facts: RevisionFacts?, _ found: FoundRevision?) -> [FindingKind] {
        RevisionComparison.differences(facts, found)
    }

    /// The revision an edit replaced is that of the event before it; its own message's, where there is none, as the metadata
    /// has it or, where that is lost, the events.
    func facts(
        _ selection: AuditSelection<RevisionKey>,
        _ ask: Ask
    ) async throws -> [(key: RevisionKey, facts: RevisionFacts)] {
        let p = AuditParameters(selection) { ($0.message, $0.revision.rawValue, "") }
        let query: PostgresQuery = """
            SELECT r.chat_id, r.target_seq, r.replaced, r.actor_id, r.at, m.purged_at IS NOT NULL,
                   EXISTS (SELECT FROM message_purges p WHERE p.chat_id = r.chat_id AND p.seq = r.target_seq),
                   (r.chat_id, r.target_seq) IN (SELECT u.chat, u.seq FROM duologue_unfinished(\(p.chats)) u)
            FROM (
                (SELECT w.* FROM (
                    SELECT e.chat_id, e.target_seq, e.kind, e.actor_id, e.at,
                           coalesce(lag(e."offset") OVER (PARTITION BY e.chat_id, e.target_seq ORDER BY e."offset"), (
                               SELECT m."offset" FROM message_metadata m WHERE m.chat_id = e.chat_id AND m.seq = e.target_seq
                           ), (
                               SELECT c."offset" FROM chat_events c
                               WHERE c.chat_id = e.chat_id AND c."offset" > e.target_seq AND c."offset" < e."offset"
                                 AND c.kind = 2 AND c.seq = e.target_seq LIMIT 1
                           )) AS replaced
                    FROM chat_events e
                    WHERE e.kind IN (7, 8, 9) AND (e.chat_id, e.target_seq) >= (\(p.chat), \(p.sequence))
                      AND e.chat_id <= \(p.lastChat)
                    ORDER BY e.chat_id, e.target_seq, e."offset"
                 ) w
                 WHERE w.kind = 7 AND w.replaced IS NOT NULL
                   AND (w.chat_id, w.target_seq, w.replaced) > (\(p.chat), \(p.sequence), \(p.detail))
                 LIMIT \(p.limit))
                UNION ALL
                SELECT k.chat, k.seq, n.kind, n.actor_id, n.at, k.rev
                FROM unnest(\(p.chats), \(p.sequences), \(p.details)) AS k(chat, seq, rev)
                CROSS JOIN LATERAL (
                    SELECT e.* FROM chat_events e
                    WHERE e.kind IN (7, 8, 9) AND e.chat_id = k.chat AND e.target_seq = k.seq AND e."offset" > k.rev
                    ORDER BY e."offset" LIMIT 1) n
                WHERE n.kind = 7 AND EXISTS (
                    SELECT FROM chat_events b
                    WHERE b.chat_id = k.chat AND b."offset" = k.rev
                      AND CASE WHEN b.kind = 2 THEN b.seq WHEN b.kind IN (7, 8, 9) THEN b.target_seq END = k.seq)
            ) r
            LEFT JOIN LATERAL (
                SELECT x.purged_at FROM message_metadata x WHERE x.chat_id = r.chat_id AND x.seq = r.target_seq LIMIT 1
            ) m ON true
            ORDER BY r.chat_id, r.target_seq, r.replaced
            """
        return try await ask(query.named("audit_revisions")).map { row in
            let key = RevisionKey(message: try row.message(0), revision: try row.id(2))
            let facts = RevisionFacts(
                editedBy: try row.id(3),
                at: try row.timestamp(4),
                isPurged: try row.decode(5),
                isPurgePending: try row.decode(6),
                isCovered: try row.decode(7)
            )
            return (key, facts)
        }
    }

    static func found(
        _ selection: AuditSelection<RevisionKey>,
        _ mongo: MongoClient,
        within deadline: Duration
    ) async throws -> (located: [Located<RevisionKey, FoundRevision>], isFull: Bool) {
        let (documents, isFull) = try await AuditMongo.documents(
            collection,
            selection,
            mongo,
            within: deadline,
            write: write
        )
        let located = documents.compactMap { document -> Located<RevisionKey, FoundRevision>? in
            guard let id = try? document.document("_id"), let message = AuditMongo.message(id),
                let revision = try? id.int64("r")
            else { return nil }
            let key = RevisionKey(message: message, revision: Offset(rawValue: revision))
            let found = FoundRevision(hasContent: document["content"] != .null)
            return Located(key: key, found: found, raw: document)
        }
        return (located, isFull)
    }

    private static func write(_ key: RevisionKey, to writer: inout BSONDocumentWriter) {
        AuditMongo.write(key.message, to: &writer)
        writer.int64("r", key.revision.rawValue)
    }

    func mend(
        _ key: RevisionKey,
        _ kinds: [FindingKind],
        _ facts: RevisionFacts?,
        _ located: Located<RevisionKey, FoundRevision>?,
        _ context: RepairContext
    ) async throws -> RepairPlan {
        guard let facts else {
            return located.map { .moveAside($0.raw, from: Self.collection, "moved an orphan revision aside") } ?? .none
        }
        var image = RevisionImage(
            message: key.message,
            revision: key.revision,
            content: nil,
            editedBy: facts.editedBy,
            at: facts.at
        )
        var plan = RepairPlan()
        plan.actions = ["erased content that was to be purged"]
        if facts.isPurged {
            // Only what somebody did delete is erased for good.
            if let located, try await !Self.isDeletionProven(key.message, facts, context) {
                plan.copies = [(Self.collection, located.raw, "erased as purged, which no deletion bears out")]
            }
        } else {
            image.content = try await Self.keptContent(key, context)
            plan.actions = [
                image.content == nil ? "content lost: left an empty revision" : "restored a revision from a kept copy"
            ]
        }
        plan.put(RevisionDocument.write(image).document, over: located?.raw, in: Self.collection)
        return plan
    }

    /// Whether a purge is under way, or the last change of the message is its deletion.
    private static func isDeletionProven(
        _ message: MessageID,
        _ facts: RevisionFacts,
        _ context: RepairContext
    ) async throws -> Bool {
        guard !facts.isPurgePending else { return true }
        let query: PostgresQuery = """
            SELECT e.kind FROM chat_events e
            WHERE e.chat_id = \(message.chat.rawValue) AND e.target_seq = \(message.sequence.rawValue) AND e.kind IN (7, 8, 9)
            ORDER BY e."offset" DESC LIMIT 1
            """
        return try await context.ask(query).first?.kind(0) == .messageDeleted
    }

    /// What the revision said, from a copy of it or of the body it was.
    private static func keptContent(_ key: RevisionKey, _ context: RepairContext) async throws -> String? {
        let revisions = try await SetAside.copies(from: collection, context.mongo) { write(key, to: &$0) }
        let bodies = try await SetAside.copies(from: BodyCollection.messages.rawValue, context.mongo) {
            AuditMongo.write(key.message, to: &$0)
        }
        let copies = revisions + bodies.filter { (try? $0.int64("rev")) == key.revision.rawValue }
        return copies.lazy.compactMap { try? $0.string(ifPresent: "content") }.first
    }
}

internal import Audit
internal import Domain
internal import Mongo
internal import Postgres

/// Messages: `message_metadata` and their events against `messages`.
final class MessageAudit: AuditSource {
    typealias Key = MessageID
    typealias Facts = MessageFacts
    typealias Found = FoundBody

    func isCovered(_ facts: MessageFacts) -> Bool { facts.isCovered }

    func differences(_ facts: MessageFacts?, _ found: FoundBody?) -> [FindingKind] {
        MessageComparison.differences(facts, found)
    }

    /// The event that made the message is looked for by itself.
    func revisions(_ facts: MessageFacts?, _ located: Located<MessageID, FoundBody>?) -> Set<Int64> {
        let found = try? located?.raw.int64(ifPresent: "rev")
        return Set([found, facts?.revision.rawValue].compactMap(\.self)).subtracting([facts?.offset.rawValue ?? 0])
    }

    // MARK: Reading

    /// One statement, so all of one moment; every part is a look-up by index, however large the tables are.
    func facts(
        _ selection: AuditSelection<MessageID>,
        _ ask: Ask
    ) async throws -> [(key: MessageID, facts: MessageFacts)] {
        let p = selection.parameters
        let query: PostgresQuery = """
            SELECT m.chat_id, m.seq, m.sender_id, m.type, m."offset", m.rev, m.created_at, m.edited_at,
                   m.deleted_at IS NOT NULL, m.purged_at IS NOT NULL,
                   m.purged_at IS NOT NULL AND EXISTS (
                       SELECT FROM message_purges p WHERE p.chat_id = m.chat_id AND p.seq = m.seq),
                   m.thread_root, m.reply_to,
                   (m.chat_id, m.seq) IN (SELECT u.chat, u.seq FROM duologue_unfinished(\(p.chats)) u),
                   created."offset", created.kind, created.seq, created.actor_id, created.op_id, created.body_hash, created.at,
                   changed."offset", changed.kind, changed.target_seq, changed.actor_id, changed.op_id, changed.body_hash,
                   changed.at,
                   edited."offset", edited.kind, edited.target_seq, edited.actor_id, edited.op_id, edited.body_hash, edited.at
            FROM (
                (SELECT w.* FROM message_metadata w
                 WHERE (w.chat_id, w.seq) > (\(p.chat), \(p.sequence)) AND w.chat_id <= \(p.lastChat)
                 ORDER BY w.chat_id, w.seq LIMIT \(p.limit))
                UNION ALL
                SELECT n.* FROM unnest(\(p.chats), \(p.sequences)) AS k(chat, seq)
                CROSS JOIN LATERAL (
                    SELECT * FROM message_metadata x WHERE x.chat_id = k.chat AND x.seq = k.seq LIMIT 1) n
            ) m
            LEFT JOIN LATERAL (
                SELECT e.* FROM chat_events e WHERE e.chat_id = m.chat_id AND e."offset" = m."offset" LIMIT 1
            ) created ON true
            LEFT JOIN LATERAL (
                SELECT e.* FROM chat_events e
                WHERE e.chat_id = m.chat_id AND e.target_seq = m.seq AND e.kind IN (7, 8, 9)
                ORDER BY e."offset" DESC LIMIT 1
            ) changed ON true
            LEFT JOIN LATERAL (
                SELECT e.* FROM chat_events e
                WHERE changed."offset" IS NOT NULL
                  AND e.chat_id = m.chat_id AND e.target_seq = m.seq AND e.kind IN (7, 8, 9) AND e.kind = 7
                ORDER BY e."offset" DESC LIMIT 1
            ) edited ON true
            ORDER BY m.chat_id, m.seq
            """
        var facts: [(key: MessageID, facts: MessageFacts)] = []
        for row in try await ask(query.named("audit_messages")) {
            let one = try Self.facts(row)
            facts.append((one.id, one))
        }
        return facts
    }

    private static func facts(_ row: PostgresRow) throws(PostgresError) -> MessageFacts {
        MessageFacts(
            id: try row.message(0),
            sender: try row.id(2),
            type: try row.word(3),
            offset: try row.id(4),
            revision: try row.id(5),
            createdAt: try row.timestamp(6),
            editedAt: try row.optionalTimestamp(7),
            isDeleted: try row.decode(8),
            isPurged: try row.decode(9),
            isPurgePending: try row.decode(10),
            threadRoot: try row.optionalID(11),
            replyTo: try row.optionalID(12),
            created: try row.event(14),
            changed: try row.event(21),
            edited: try row.event(28),
            isCovered: try row.decode(13)
        )
    }

    static func found(
        _ selection: AuditSelection<MessageID>,
        _ mongo: MongoClient,
        within deadline: Duration
    ) async throws -> (located: [Located<MessageID, FoundBody>], isFull: Bool) {
        let (documents, isFull) = try await AuditMongo.documents(
            BodyCollection.messages.rawValue,
            selection,
            mongo,
            within: deadline,
            write: AuditMongo.write
        )
        let located = documents.compactMap { document -> Located<MessageID, FoundBody>? in
            guard let id = (try? document.document("_id")).flatMap(AuditMongo.message) else { return nil }
            return Located(key: id, found: body(document), raw: document)
        }
        return (located, isFull)
    }

    static func body(_ document: BSONDocument) -> FoundBody {
        guard let image = try? MessageDocument.image(document),
            image.id.chat.rawValue == (try? document.int64("chat_id")),
            image.id.sequence.rawValue == (try? document.int64("seq"))
        else { return .unreadable }
        return .image(image)
    }
}

internal import Audit
internal import Domain
internal import Mongo
internal import Postgres

/// Threads: the replies counted anew against the root's metadata and `threads`.
final class ThreadAudit: AuditSource {
    typealias Key = MessageID
    typealias Facts = ThreadFacts
    typealias Found = FoundThread

    private static let collection = BodyCollection.threads.rawValue

    func isCovered(_ facts: ThreadFacts) -> Bool { facts.isCovered }

    func differences(_ facts: ThreadFacts?, _ found: FoundThread?) -> [FindingKind] {
        ThreadComparison.differences(facts, found)
    }

    func facts(
        _ selection: AuditSelection<MessageID>,
        _ ask: Ask
    ) async throws -> [(key: MessageID, facts: ThreadFacts)] {
        let p = selection.parameters
        let query: PostgresQuery = """
            SELECT t.chat_id, t.thread_root, t.replies, t.last_seq, last.created_at,
                   root.seq IS NOT NULL, root.reply_count, root.last_reply_seq, root.last_reply_at,
                   (t.chat_id, t.thread_root) IN (SELECT u.chat, u.seq FROM duologue_unfinished(\(p.chats)) u)
            FROM (
                (SELECT r.chat_id, r.thread_root, count(*) FILTER (WHERE r.deleted_at IS NULL) AS replies,
                        max(r.seq) FILTER (WHERE r.deleted_at IS NULL) AS last_seq
                 FROM message_metadata r
                 WHERE r.thread_root IS NOT NULL AND (r.chat_id, r.thread_root) > (\(p.chat), \(p.sequence))
                   AND r.chat_id <= \(p.lastChat)
                 GROUP BY r.chat_id, r.thread_root ORDER BY r.chat_id, r.thread_root LIMIT \(p.limit))
                UNION ALL
                SELECT k.chat, k.seq, n.replies, n.last_seq
                FROM unnest(\(p.chats), \(p.sequences)) AS k(chat, seq)
                CROSS JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE r.deleted_at IS NULL) AS replies, count(*) AS kept,
                           max(r.seq) FILTER (WHERE r.deleted_at IS NULL) AS last_seq
                    FROM message_metadata r
                    WHERE r.chat_id = k.chat AND r.thread_root = k.seq AND r.thread_root IS NOT NULL) n
                WHERE n.kept > 0
            ) t
            LEFT JOIN LATERAL (
                SELECT m.* FROM message_metadata m WHERE m.chat_id = t.chat_id AND m.seq = t.thread_root LIMIT 1
            ) root ON true
            LEFT JOIN LATERAL (
                SELECT m.* FROM message_metadata m WHERE m.chat_id = t.chat_id AND m.seq = t.last_seq LIMIT 1
            ) last ON true
            ORDER BY t.chat_id, t.thread_root
            """
        return try await ask(query.named("audit_threads")).map { row in
            let root = try row.message(0)
            let counted = ThreadState(
                root: root.sequence,
                replyCount: try row.decode(2),
                lastReply: try row.optionalID(3),
                lastReplyAt: try row.optionalTimestamp(4)
            )
            var kept: ThreadState?
            if try row.decode(5, as: Bool.self) {
                kept = ThreadState(
                    root: root.sequence,
                    replyCount: try row.decode(6),
                    lastReply: try row.optionalID(7),
                    lastReplyAt: try row.optionalTimestamp(8)
                )
            }
            return (root, ThreadFacts(counted: counted, kept: kept, isCovered: try row.decode(9)))
        }
    }

    static func found(
        _ selection: AuditSelection<MessageID>,
        _ mongo: MongoClient,
        within deadline: Duration
    ) async throws -> (located: [Located<MessageID, FoundThread>], isFull: Bool) {
        let (documents, isFull) = try await AuditMongo.documents(
            collection,
            selection,
            mongo,
            within: deadline,
            write: AuditMongo.write
        )
        let located = documents.compactMap { document -> Located<MessageID, FoundThread>? in
            guard let id = (try? document.document("_id")).flatMap(AuditMongo.message) else { return nil }
            return Located(key: id, found: FoundThread(state: try? state(document, root: id.sequence)), raw: document)
        }
        return (located, isFull)
    }

    private static func state(_ document: BSONDocument, root: SequenceNumber) throws(MongoError) -> ThreadState {
        ThreadState(
            root: root,
            replyCount: Int(try document.int64("reply_count")),
            lastReply: try document.int64(ifPresent: "last_reply_seq").map(SequenceNumber.init(rawValue:)),
            lastReplyAt: try document.datetime(ifPresent: "last_reply_at").map(Timestamp.init(milliseconds:))
        )
    }

    /// The summary gets the chat's last offset as its revision: every committed change is in the count, and what a redo row
    /// may still write is older.
    func mend(
        _ key: MessageID,
        _ kinds: [FindingKind],
        _ facts: ThreadFacts?,
        _ located: Located<MessageID, FoundThread>?,
        _ context: RepairContext
    ) async throws -> RepairPlan {
        guard let facts else {
            return located.map { .moveAside($0.raw, from: Self.collection, "moved an orphan thread aside") } ?? .none
        }
        guard let head = context.lastOffset else { return .refuse("the thread's chat has no row") }
        var plan = RepairPlan()
        if facts.kept != facts.counted {
            let state = facts.counted
            plan.statements = [
                """
                UPDATE message_metadata
                SET reply_count = \(Int32(clamping: state.replyCount)), last_reply_seq = \(state.lastReply?.rawValue),
                    last_reply_at = \(state.lastReplyAt.map(PostgresTimestamp.init))
                WHERE chat_id = \(key.chat.rawValue) AND seq = \(key.sequence.rawValue)
                """
            ]
        }
        if located?.found.state != facts.counted {
            let image = ThreadImage(chat: key.chat, state: facts.counted, revision: head)
            plan.put(ThreadDocument.write(image).document, over: located?.raw, in: Self.collection)
        }
        plan.actions = ["counted a thread anew"]
        return plan
    }
}

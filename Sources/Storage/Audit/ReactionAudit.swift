internal import Audit
internal import Domain
internal import Mongo
internal import Postgres

/// Reactions: the newest event of each against `reactions`.
final class ReactionAudit: AuditSource {
    typealias Key = ReactionKey
    typealias Facts = ReactionFacts
    typealias Found = FoundReaction

    private static let collection = BodyCollection.reactions.rawValue

    func isCovered(_ facts: ReactionFacts) -> Bool { facts.isCovered }

    func differences(_ facts: ReactionFacts?, _ found: FoundReaction?) -> [FindingKind] {
        ReactionComparison.differences(facts, found)
    }

    func facts(
        _ selection: AuditSelection<ReactionKey>,
        _ ask: Ask
    ) async throws -> [(key: ReactionKey, facts: ReactionFacts)] {
        let p = AuditParameters(selection) { ($0.message, $0.user.rawValue, $0.emoji) }
        let query: PostgresQuery = """
            SELECT r.chat_id, r.seq, r.user_id, r.emoji, r.kind, r."offset", r.at,
                   (r.chat_id, r.seq) IN (SELECT u.chat, u.seq FROM duologue_unfinished(\(p.chats)) u)
            FROM (
                (SELECT DISTINCT ON (e.chat_id, e.target_seq, e.actor_id, (e.data ->> 'emoji') COLLATE "C")
                        e.chat_id, e.target_seq AS seq, e.actor_id AS user_id, e.data ->> 'emoji' AS emoji, e.kind, e."offset", e.at
                 FROM chat_events e
                 WHERE e.kind IN (10, 11) AND e.chat_id <= \(p.lastChat)
                   AND (e.chat_id, e.target_seq, e.actor_id, (e.data ->> 'emoji') COLLATE "C")
                       > (\(p.chat), \(p.sequence), \(p.detail), \(p.emoji))
                 ORDER BY e.chat_id, e.target_seq, e.actor_id, (e.data ->> 'emoji') COLLATE "C", e."offset" DESC
                 LIMIT \(p.limit))
                UNION ALL
                SELECT k.chat, k.seq, k.actor, k.emoji, n.kind, n."offset", n.at
                FROM unnest(\(p.chats), \(p.sequences), \(p.details), \(p.emojis)) AS k(chat, seq, actor, emoji)
                CROSS JOIN LATERAL (
                    SELECT e.* FROM chat_events e
                    WHERE e.kind IN (10, 11) AND e.chat_id = k.chat AND e.target_seq = k.seq AND e.actor_id = k.actor
                      AND (e.data ->> 'emoji') COLLATE "C" = k.emoji
                    ORDER BY e."offset" DESC LIMIT 1) n
            ) r
            ORDER BY r.chat_id, r.seq, r.user_id, r.emoji COLLATE "C"
            """
        return try await ask(query.named("audit_reactions")).map { row in
            let key = ReactionKey(message: try row.message(0), user: try row.id(2), emoji: try row.decode(3))
            let facts = ReactionFacts(
                isOn: try row.kind(4) == .reactionAdded,
                revision: try row.id(5),
                at: try row.timestamp(6),
                isCovered: try row.decode(7)
            )
            return (key, facts)
        }
    }

    static func found(
        _ selection: AuditSelection<ReactionKey>,
        _ mongo: MongoClient,
        within deadline: Duration
    ) async throws -> (located: [Located<ReactionKey, FoundReaction>], isFull: Bool) {
        let (documents, isFull) = try await AuditMongo.documents(collection, selection, mongo, within: deadline) {
            key,
            writer in
            AuditMongo.write(key.message, to: &writer)
            writer.int64("u", key.user.rawValue)
            writer.string("e", key.emoji)
        }
        let located = documents.compactMap { document -> Located<ReactionKey, FoundReaction>? in
            guard let id = try? document.document("_id"), let message = AuditMongo.message(id),
                let user = try? id.int64("u"), let emoji = try? id.string("e")
            else { return nil }
            let found = FoundReaction(
                isOn: (try? document.bool("on")) ?? true,
                revision: Offset(rawValue: (try? document.int64("rev")) ?? 0),
                at: Timestamp(milliseconds: (try? document.datetime("at")) ?? 0)
            )
            let key = ReactionKey(message: message, user: UserID(rawValue: user), emoji: emoji)
            return Located(key: key, found: found, raw: document)
        }
        return (located, isFull)
    }

    func mend(
        _ key: ReactionKey,
        _ kinds: [FindingKind],
        _ facts: ReactionFacts?,
        _ located: Located<ReactionKey, FoundReaction>?,
        _ context: RepairContext
    ) async throws -> RepairPlan {
        guard let facts else {
            return located.map { .moveAside($0.raw, from: Self.collection, "moved an orphan reaction aside") } ?? .none
        }
        let image = ReactionImage(
            id: ReactionID(message: key.message, user: key.user, emoji: key.emoji),
            isOn: facts.isOn,
            revision: facts.revision,
            at: facts.at
        )
        var plan = RepairPlan()
        plan.put(ReactionDocument.write(image).document, over: located?.raw, in: Self.collection)
        plan.actions = ["rewrote a reaction after its events"]
        return plan
    }
}

internal import Audit
internal import Domain
internal import Mongo
internal import Postgres

/// Performs repairs: each chat's under the lock of its row, so that no commit comes between looking and mending.
///
/// Loop-bound.
///
/// Everything is looked at again once the lock is held, and nothing that a redo row covers is touched. Documents change only as
/// they were read. A repair that is cut off is finished by the next one.
final class AuditRepairer {
    private let postgres: PostgresClient
    private let mongo: MongoClient

    /// Places mended in one transaction, so that a chat is not held up for long.
    static let chunk = 8

    init(postgres: PostgresClient, mongo: MongoClient) {
        self.postgres = postgres
        self.mongo = mongo
    }

    /// Mends places of one collection, and notes in the report what it did.
    func mend<Source: AuditSource>(_ keys: [Source.Key], of source: Source, _ report: inout AuditReport) async throws {
        for (chat, keys) in Dictionary(grouping: keys, by: \.chat).sorted(by: { $0.key < $1.key }) {
            var rest = keys.sorted()[...]
            while !rest.isEmpty {
                let part = Array(rest.prefix(Self.chunk))
                rest = rest.dropFirst(part.count)
                try await mend(part, in: chat, &report) { context in
                    try await self.plans(part, of: source, context)
                }
            }
        }
    }

    private func plans<Source: AuditSource>(
        _ keys: [Source.Key],
        of source: Source,
        _ context: RepairContext
    ) async throws -> [(place: String, plan: RepairPlan)] {
        let facts = Dictionary(
            uniqueKeysWithValues: try await source.facts(.keys(keys), context.ask).map { ($0.key, $0.facts) }
        )
        let found = try await Source.found(.keys(keys), mongo, within: AuditMongo.lockedDeadline).located
        let located = Dictionary(found.map { ($0.key, $0) }) { first, _ in first }
        let revisions = Set(keys.flatMap { source.revisions(facts[$0], located[$0]) })
        let lost = try await lost(revisions, in: keys.first?.chat, context)
        var plans: [(place: String, plan: RepairPlan)] = []
        for key in keys {
            if let facts = facts[key], source.isCovered(facts) { continue }
            let kinds = source.differences(facts[key], located[key]?.found)
            guard !kinds.isEmpty else { continue }
            let isOrphan = facts[key] == nil && context.lacksTail
            guard !isOrphan, lost.isDisjoint(with: source.revisions(facts[key], located[key])) else {
                plans.append((key.description, .refuse("events are missing that may have made it so")))
                continue
            }
            plans.append((key.description, try await source.mend(key, kinds, facts[key], located[key], context)))
        }
        return plans
    }

    /// Those of the offsets that the chat gave out and that have no event any more.
    private func lost(_ offsets: Set<Int64>, in chat: ChatID?, _ context: RepairContext) async throws -> Set<Int64> {
        guard let chat, let last = context.lastOffset, !offsets.isEmpty else { return [] }
        let query: PostgresQuery = """
            SELECT k.o FROM unnest(\(offsets.sorted())) AS k(o)
            WHERE k.o <= \(last.rawValue)
              AND NOT EXISTS (SELECT FROM chat_events e WHERE e.chat_id = \(chat.rawValue) AND e."offset" = k.o)
            """
        return Set(try await context.ask(query).map { try $0.decode(0, as: Int64.self) })
    }

    /// Makes metadata anew where events have none.
    func mendMetadata(_ messages: [MessageID], _ report: inout AuditReport) async throws {
        for (chat, messages) in Dictionary(grouping: messages, by: \.chat).sorted(by: { $0.key < $1.key }) {
            for message in messages {
                try await mend([message], in: chat, &report) { context in
                    [("\(message)", try await ChatRepair.metadata(of: message, context))]
                }
            }
        }
    }

    /// Mends a chat's own rows; the fold is brought up to the moment of the lock.
    func mend(_ fold: ChatFold, _ report: inout AuditReport) async throws {
        let chat = fold.chat
        try await mend([chat], in: chat, &report) { context in
            let current = try await ChatAudit.facts([fold], after: chat.rawValue - 1, upTo: chat.rawValue, context.ask)
            guard let (fold, facts) = current.first, let facts else {
                return [("\(chat)", .refuse("the chat has no row"))]
            }
            return [("\(chat)", ChatRepair.plan(fold, facts))]
        }
    }

    private func mend(
        _ places: [some CustomStringConvertible],
        in chat: ChatID,
        _ report: inout AuditReport,
        _ plans: (RepairContext) async throws -> [(place: String, plan: RepairPlan)]
    ) async throws {
        do {
            let done = try await postgres.transaction { session in
                let context = try await lock(chat, session)
                let plans = try await plans(context)
                try await SetAside.keep(plans.flatMap(\.plan.copies), at: context.now, mongo)
                var done: [(place: String, plan: RepairPlan)] = []
                for (place, plan) in plans {
                    done.append((place, try await perform(plan, session) ? plan : .refuse("it changed meanwhile")))
                }
                if plans.contains(where: { $0.plan.changesSomething }) { try await countChange(session) }
                return done
            }
            for (place, plan) in done {
                for action in plan.actions { report.repaired(action, place) }
                for refusal in plan.refusals { report.notMended(refusal, place) }
            }
        } catch let error as PostgresError where !error.isRetryable && error.sqlstate != nil {
            for place in places {
                report.notMended("Postgres refused the repair (\(error.sqlstate ?? ""))", "\(place)")
            }
        } catch let error as MongoError where error.code == .timeout {
            // What was written all the same is what the next repair would write.
            for place in places { report.notMended("MongoDB was too slow to hold up the chat for", "\(place)") }
        } catch let error as MongoError where !error.isRetryable && !error.isOutcomeUnknown {
            for place in places { report.notMended("MongoDB refused the repair", "\(place)") }
        }
    }

    /// No event tells of a repair, so what was cached before it must not be shown after it.
    ///
    /// Documents change before this is committed, so what is cached in between is of before, whatever it shows.
    private func countChange(_ session: PostgresSession) async throws {
        let counting: PostgresQuery = "UPDATE meta SET silent_changes = silent_changes + 1"
        try await session.execute(counting.named("audit_count"))
    }

    private func lock(_ chat: ChatID, _ session: PostgresSession) async throws -> RepairContext {
        let locking: PostgresQuery = "SELECT last_offset FROM chats WHERE id = \(chat.rawValue) FOR NO KEY UPDATE"
        let head = try await session.execute(locking.named("audit_lock")).first
        // A statement of its own, as only that sees what was committed while the lock was waited for.
        let reading: PostgresQuery = """
            SELECT date_trunc('milliseconds', clock_timestamp()),
                   coalesce((SELECT max(e."offset") FROM chat_events e WHERE e.chat_id = \(chat.rawValue)), 0)
            """
        guard let now = try await session.execute(reading.named("audit_now")).first else {
            throw PostgresError(.decoding, "the clock gave no row")
        }
        let last: Offset? = try head?.id(0)
        let newest: Offset = try now.id(1)
        return RepairContext(
            ask: { query throws(PostgresError) in try await session.execute(query) },
            mongo: mongo,
            lastOffset: last,
            lacksTail: last.map { $0 > newest } ?? false,
            now: try now.timestamp(0)
        )
    }

    /// Performs a plan whose copies are kept; false where a document was not as it had been read, and nothing more was done.
    private func perform(_ plan: RepairPlan, _ session: PostgresSession) async throws -> Bool {
        for write in plan.writes {
            guard try await apply(write) else { return false }
        }
        for statement in plan.statements { try await session.execute(statement) }
        return true
    }

    /// Whether the write found what it was meant for.
    private func apply(_ write: RepairPlan.Write) async throws -> Bool {
        let deadline = AuditMongo.lockedDeadline
        switch write {
        case .insert(let collection, let document):
            let outcome = try await mongo.insertMany(collection, [document], deadline: deadline)
            try outcome.checkDurable()
            return outcome.inserted == 1
        case .replace(let collection, let old, let new):
            let change = Replacement(filter: Self.guarding(old), document: new, upsert: false)
            let outcome = try await mongo.bulkReplace(collection, [change], deadline: deadline)
            try outcome.checkDurable()
            return outcome.matched == 1
        case .remove(let collection, let old):
            let outcome = try await mongo.deleteMany(collection, Self.guarding(old), deadline: deadline)
            try outcome.checkDurable()
            return outcome.deleted == 1
        }
    }

    /// Finds the document only as it was read.
    private static func guarding(_ document: BSONDocument) -> BSONDocument {
        BSONDocument { writer in
            for field in ["_id", "chat_id", "rev"] {
                if let value = document[field] { writer.append(field, value) }
            }
        }
    }
}

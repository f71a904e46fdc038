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
    static let chunk = 32

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
        let found = try await Source.found(.keys(keys), mongo).located
        let located = Dictionary(found.map { ($0.key, $0) }) { first, _ in first }
        var plans: [(place: String, plan: RepairPlan)] = []
        for key in keys {
            if let facts = facts[key], source.isCovered(facts) { continue }
            let kinds = source.differences(facts[key], located[key]?.found)
            guard !kinds.isEmpty else { continue }
            plans.append((key.description, try await source.mend(key, kinds, facts[key], located[key], context)))
        }
        return plans
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
                try await perform(plans.map(\.plan), context, session)
                return plans
            }
            for (place, plan) in done {
                for action in plan.actions { report.repaired(action, place) }
                for refusal in plan.refusals { report.notMended(refusal, place) }
            }
        } catch let error as PostgresError where !error.isRetryable && error.sqlstate != nil {
            for place in places {
                report.notMended("Postgres refused the repair (\(error.sqlstate ?? ""))", "\(place)")
            }
        } catch let error as MongoError where !error.isRetryable && !error.isOutcomeUnknown {
            for place in places { report.notMended("MongoDB refused the repair", "\(place)") }
        }
    }

    private func lock(_ chat: ChatID, _ session: PostgresSession) async throws -> RepairContext {
        let locking: PostgresQuery = "SELECT last_offset FROM chats WHERE id = \(chat.rawValue) FOR NO KEY UPDATE"
        let head = try await session.execute(locking.named("audit_lock")).first
        let clock = try await session.execute("SELECT date_trunc('milliseconds', clock_timestamp())").first
        guard let clock else { throw PostgresError(.decoding, "the clock gave no row") }
        return RepairContext(
            ask: { query throws(PostgresError) in try await session.execute(query) },
            mongo: mongo,
            lastOffset: try head?.id(0),
            now: try clock.timestamp(0)
        )
    }

    private func perform(
        _ plans: [RepairPlan],
        _ context: RepairContext,
        _ session: PostgresSession
    ) async throws {
        try await SetAside.keep(plans.flatMap(\.copies), at: context.now, mongo)
        var insertions: [String: [BSONDocument]] = [:]
        var replacements: [String: [Replacement]] = [:]
        for write in plans.flatMap(\.writes) {
            switch write {
            case .insert(let collection, let document): insertions[collection, default: []].append(document)
            case .replace(let collection, let old, let new):
                replacements[collection, default: []].append(
                    Replacement(filter: Self.guarding(old), document: new, upsert: false)
                )
            case .remove(let collection, let old):
                let outcome = try await mongo.deleteMany(collection, Self.guarding(old), deadline: AuditMongo.deadline)
                try outcome.checkDurable()
            }
        }
        for (collection, documents) in insertions {
            try await mongo.insertMany(collection, documents, deadline: AuditMongo.deadline).checkDurable()
        }
        for (collection, changes) in replacements {
            try await mongo.bulkReplace(collection, changes, deadline: AuditMongo.deadline).checkDurable()
        }
        for statement in plans.flatMap(\.statements) { try await session.execute(statement) }
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

package import Audit
package import Domain
package import IOCore
package import Mongo
package import Postgres

/// Compares both stores chat by chat while they are in use, and mends what differs when it is told to.
///
/// Loop-bound, like its Postgres client.
///
/// Both sides are walked in the order of their keys, a window at a time, so memory does not grow with the stores, nor with
/// what is wrong in them. What differs at first sight is looked at again until it is certain; see `Suspicion`.
package final class Auditor {
    /// What to look at, and what to do.
    package struct Options: Sendable {
        /// One chat alone.
        package var chat: ChatID?
        /// Only chats in which something happened since then; each is compared whole.
        package var since: Timestamp?
        /// Mend what is found.
        package var repairs = false
        /// Keys of a window.
        package var windowLimit = 2_000
        /// Between two looks at a suspect.
        package var pause: Duration = .milliseconds(100)

        /// All chats, without mending.
        package init() {}
    }

    /// How far an audit is, in messages and events.
    package typealias Progress = (_ done: Int, _ total: Int) -> Void

    private let postgres: PostgresClient
    private let mongo: MongoClient
    private let loop: EventLoop
    private let options: Options
    private let progress: Progress
    private let repairer: AuditRepairer
    private let finishRedo: () async throws -> Void

    private var report = AuditReport()
    private var done = 0
    private var total = 0

    /// Suspects that are looked at again together.
    private static let suspectLimit = 1_000
    /// Members of chats whose rows are read together.
    private static let memberLimit = 20_000

    /// Makes an auditor over stores that are open; `finishRedo` makes one pass of recovery.
    package init(
        postgres: PostgresClient,
        mongo: MongoClient,
        loop: EventLoop,
        options: Options,
        finishRedo: @escaping () async throws -> Void,
        progress: @escaping Progress = { _, _ in }
    ) {
        self.postgres = postgres
        self.mongo = mongo
        self.loop = loop
        self.options = options
        self.finishRedo = finishRedo
        self.progress = progress
        repairer = AuditRepairer(postgres: postgres, mongo: mongo)
    }

    /// Audits everything once; mends on the way when the options say so.
    ///
    /// - Throws: `PostgresError` or `MongoError` when a store cannot be asked.
    package func run() async throws -> AuditReport {
        report = AuditReport()
        done = 0
        let chats = options.chat.map { $0.rawValue...$0.rawValue } ?? 0...Int64.max
        try await measure(chats)
        try await auditRedo(chats)
        if let since = options.since {
            var last = chats.lowerBound - 1
            while let chat = try await nextChat(after: last, upTo: chats.upperBound, since: since) {
                try await audit(chat...chat)
                last = chat
            }
        } else {
            try await audit(chats)
        }
        try await auditOperations(chats)
        return report
    }

    private func audit(_ chats: ClosedRange<Int64>) async throws {
        // Events come first: what they bear out is mended before bodies are held against it. Threads come after the
        // messages they count.
        try await auditEvents(chats)
        try await audit(MessageAudit(), chats) { $0.messages += 1 }
        try await audit(RevisionAudit(), chats) { _ in }
        try await audit(ReactionAudit(), chats) { _ in }
        try await audit(ThreadAudit(), chats) { _ in }
    }

    private func ask(_ query: PostgresQuery) async throws(PostgresError) -> [PostgresRow] {
        try await postgres.query(query)
    }

    private func advance(_ count: Int) {
        done += count
        progress(min(done, total), total)
    }

    private func measure(_ chats: ClosedRange<Int64>) async throws {
        let since = PostgresTimestamp(options.since ?? Timestamp(milliseconds: 0))
        let query: PostgresQuery = """
            SELECT coalesce(sum(last_seq + last_offset), 0)::bigint FROM chats
            WHERE id BETWEEN \(chats.lowerBound) AND \(chats.upperBound) AND last_event_at >= \(since)
            """
        total = try await ask(query.named("audit_size")).first?.decode(0) ?? 0
        progress(0, total)
    }

    private func nextChat(after last: Int64, upTo high: Int64, since: Timestamp) async throws -> Int64? {
        let query: PostgresQuery = """
            SELECT id FROM chats WHERE id > \(last) AND id <= \(high) AND last_event_at >= \(PostgresTimestamp(since))
            ORDER BY id LIMIT 1
            """
        return try await ask(query.named("audit_next_chat")).first?.decode(0)
    }

    // MARK: Collections

    private func audit<Source: AuditSource>(
        _ source: Source,
        _ chats: ClosedRange<Int64>,
        count: (inout AuditReport) -> Void
    ) async throws {
        var windows = PairedWindows(source, mongo, chats: chats, limit: options.windowLimit)
        var suspects: [Source.Key] = []
        while let pairs = try await windows.next(ask) {
            for pair in pairs {
                if pair.facts != nil { count(&report) }
                if !source.differences(pair.facts, pair.located?.found).isEmpty { suspects.append(pair.key) }
            }
            if Source.self == MessageAudit.self { advance(pairs.count) }
            if suspects.count >= Self.suspectLimit {
                try await settle(suspects, of: source)
                suspects = []
            }
        }
        try await settle(suspects, of: source)
    }

    /// Looks at suspects again until each is a finding or none.
    private func settle<Source: AuditSource>(_ suspects: [Source.Key], of source: Source) async throws {
        for start in stride(from: 0, to: suspects.count, by: Self.suspectLimit) {
            try await settle(part: suspects[start..<min(start + Self.suspectLimit, suspects.count)], of: source)
        }
    }

    private func settle<Source: AuditSource>(part: ArraySlice<Source.Key>, of source: Source) async throws {
        var suspicion = Suspicion(part)
        var confirmed: [Source.Key] = []
        while !suspicion.isDone {
            await loop.sleep(for: options.pause)
            let observations = try await look(at: suspicion.pending, of: source)
            for (key, verdict) in suspicion.look({ observations[$0] ?? .still([]) }) {
                switch verdict {
                case .confirmed(let kinds):
                    for kind in kinds { report.found(kind, key.description) }
                    confirmed.append(key)
                case .unsettled: report.neverSettled(key.description)
                }
            }
        }
        if options.repairs { try await repairer.mend(confirmed, of: source, &report) }
    }

    /// One look: Postgres, MongoDB, and Postgres again, which must not have moved meanwhile.
    ///
    /// A document is written after its commit and before its redo row goes: with none at either end and nothing committed
    /// between, MongoDB has to have what Postgres says.
    private func look<Source: AuditSource>(
        at keys: [Source.Key],
        of source: Source
    ) async throws -> [Source.Key: Suspicion<Source.Key>.Observation] {
        let selection = AuditSelection.keys(keys)
        let before = try await facts(selection, of: source)
        let found = try await Source.found(selection, mongo, within: AuditMongo.deadline).located
        let located = Dictionary(found.map { ($0.key, $0.found) }) { first, _ in first }
        let after = try await facts(selection, of: source)
        var observations: [Source.Key: Suspicion<Source.Key>.Observation] = [:]
        for key in keys {
            let isCovered = [before[key], after[key]].contains { $0.map(source.isCovered) ?? false }
            observations[key] =
                isCovered || before[key] != after[key]
                ? .moving : .still(source.differences(after[key], located[key]))
        }
        return observations
    }

    private func facts<Source: AuditSource>(
        _ selection: AuditSelection<Source.Key>,
        of source: Source
    ) async throws -> [Source.Key: Source.Facts] {
        Dictionary(try await source.facts(selection, ask).map { ($0.key, $0.facts) }) { first, _ in first }
    }

    // MARK: Events

    private func auditEvents(_ chats: ClosedRange<Int64>) async throws {
        var folds: [ChatFold] = []
        var missing: [MessageID] = []
        var low = chats.lowerBound - 1
        var cursor: (chat: Int64, offset: Int64) = (chats.lowerBound, 0)
        while true {
            let events = try await ChatAudit.events(
                after: cursor,
                upTo: chats.upperBound,
                limit: options.windowLimit,
                ask
            )
            for (chat, event) in events {
                if folds.last?.chat != chat { folds.append(ChatFold(chat)) }
                for (kind, place) in folds[folds.count - 1].take(event) {
                    report.found(kind, place)
                    guard options.repairs, kind == .metadataMissing, let message = event.sequence else { continue }
                    missing.append(MessageID(chat: chat, sequence: message))
                }
            }
            report.events += events.count
            advance(events.count)
            if !missing.isEmpty {
                try await repairer.mendMetadata(missing, &report)
                missing = []
            }
            let isAtEnd = events.count < options.windowLimit
            // The last chat of a window may go on in the next one.
            let finished = isAtEnd ? folds : Array(folds.dropLast())
            folds = isAtEnd ? [] : folds.suffix(1)
            let high = isAtEnd ? chats.upperBound : (finished.last?.chat.rawValue ?? low)
            try await finish(finished, after: low, upTo: high)
            low = high
            guard !isAtEnd, let last = events.last else { return }
            cursor = (last.chat.rawValue, last.event.offset.rawValue)
        }
    }

    /// Holds folded chats against their rows, so many at a time as memory allows.
    private func finish(_ folds: [ChatFold], after low: Int64, upTo high: Int64) async throws {
        var low = low
        var part: [ChatFold] = []
        for fold in folds {
            part.append(fold)
            guard part.reduce(0, { $0 + 10 + $1.members.count }) >= Self.memberLimit else { continue }
            try await compare(part, after: low, upTo: fold.chat.rawValue)
            low = fold.chat.rawValue
            part = []
        }
        if low < high { try await compare(part, after: low, upTo: high) }
    }

    private func compare(_ folds: [ChatFold], after low: Int64, upTo high: Int64) async throws {
        for (fold, facts) in try await ChatAudit.facts(folds, after: low, upTo: high, ask) {
            report.chats += 1
            let kinds = fold.differences(facts)
            for kind in kinds { report.found(kind, "\(fold.chat)") }
            let tail = fold.missingTail(facts)
            for (kind, place) in tail { report.found(kind, place) }
            if options.repairs, !kinds.isEmpty || !tail.isEmpty { try await repairer.mend(fold, &report) }
        }
    }

    // MARK: Redo and operations

    private func auditRedo(_ chats: ClosedRange<Int64>) async throws {
        let before = try await unfinished(chats)
        for (kind, place) in before { report.found(kind, place) }
        guard options.repairs, !before.isEmpty else { return }
        let deadline = loop.now + .seconds(20)
        var left = before
        while !left.isEmpty, loop.now < deadline {
            try await finishRedo()
            left = try await unfinished(chats)
            if !left.isEmpty { await loop.sleep(for: .milliseconds(200)) }
        }
        for (_, place) in before {
            if left.contains(where: { $0.place == place }) {
                report.notMended("MongoDB does not take the batch", place)
            } else {
                report.repaired("finished a stuck batch", place)
            }
        }
    }

    private func unfinished(_ chats: ClosedRange<Int64>) async throws -> [(kind: FindingKind, place: String)] {
        let query: PostgresQuery = """
            SELECT true, q.chat_id::text FROM quarantined_chats q
            WHERE q.chat_id BETWEEN \(chats.lowerBound) AND \(chats.upperBound)
            UNION ALL
            SELECT false, r.batch_id::text FROM write_redo r
            WHERE (r.attempts > 20 OR r.created_at < clock_timestamp() - interval '60 seconds') AND NOT r.quarantined
              AND EXISTS (SELECT FROM unnest(r.chat_ids) c WHERE c BETWEEN \(chats.lowerBound) AND \(chats.upperBound))
            LIMIT 10000
            """
        return try await ask(query.named("audit_redo")).map { row in
            (try row.decode(0, as: Bool.self) ? .quarantinedChat : .stuckRedo, try row.decode(1))
        }
    }

    /// An operation with two events; the unique constraint forbids them, so they are looked for only where it is gone.
    private func auditOperations(_ chats: ClosedRange<Int64>) async throws {
        let constraint: PostgresQuery = """
            SELECT EXISTS (
                SELECT FROM pg_constraint c JOIN pg_index i ON i.indexrelid = c.conindid
                WHERE c.conrelid = 'chat_events'::regclass AND c.conname = 'chat_events_op_unique' AND i.indisvalid)
            """
        guard try await ask(constraint).first?.decode(0, as: Bool.self) == false else { return }
        let query: PostgresQuery = """
            SELECT e.chat_id, max(e."offset") FROM chat_events e
            WHERE e.chat_id BETWEEN \(chats.lowerBound) AND \(chats.upperBound)
            GROUP BY e.chat_id, e.actor_id, e.op_id HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 10000
            """
        for row in try await ask(query.named("audit_operations")) {
            report.found(
                .duplicatedOperation,
                "\(try row.decode(0, as: Int64.self))@\(try row.decode(1, as: Int64.self))"
            )
        }
    }
}

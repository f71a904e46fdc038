package import Domain
package import Postgres

/// The Postgres side of reading a chat.
///
/// Loop-bound, like its client. Every method is one statement, so all it answers is of one moment.
package final class PostgresHistoryStore: HistoryStore {
    let client: PostgresClient

    /// Reads through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func epoch() async throws -> String {
        try await postgres { () throws(PostgresError) in
            let rows = try await client.query(PostgresQuery("SELECT epoch::text FROM meta").named("epoch"))
            guard let row = rows.first else { throw PostgresError(.decoding, "meta has no row") }
            return try row.decode(0, as: String.self)
        }
    }

    package func snapshot(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> HistorySnapshot? {
        let (mode, sequence) = Self.parameters(of: window)
        let query: PostgresQuery = """
            SELECT read_seq, last_seq, last_offset, low, revs, offsets, deleted, reply_counts, last_reply_seqs,
                   kind, actor_id, op_id, seq, "offset", payload, at, thread_root, replies, last_reply, last_reply_at, data,
                   hidden, (SELECT epoch::text FROM meta), (SELECT silent_changes FROM meta)
            FROM duologue_read_page(
                \(user.rawValue), \(chat.rawValue), \(mode), \(sequence), \(Int32(clamping: limit)))
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("read_page"))
            guard let first = rows.first else { return nil }
            var snapshot = HistorySnapshot(
                epoch: try first.decode(22),
                lastOffset: try first.id(2),
                lastSequence: try first.id(1),
                readSequence: try first.id(0),
                rows: try Self.page(first),
                redo: [],
                hidden: Set(try first.decode(21, as: [Int64].self).map(SequenceNumber.init(rawValue:))),
                silentChanges: try first.decode(23)
            )
            for row in rows {
                guard let committed = try HistoryRows.unfinished(row, from: 9, in: chat) else { continue }
                snapshot.redo.append(committed)
            }
            return snapshot
        }
    }

    private static func parameters(of window: HistoryWindow) -> (mode: String, sequence: Int64?) {
        switch window {
        case .newest: ("newest", nil)
        case .before(let sequence): ("before", sequence.rawValue)
        case .after(let sequence): ("after", sequence.rawValue)
        case .around(let sequence): ("around", sequence.rawValue)
        case .firstUnread: ("first_unread", nil)
        }
    }

    private static func page(_ row: PostgresRow) throws(PostgresError) -> [MessageMetadata] {
        let low: Int64 = try row.decode(3)
        let revisions: [Int64] = try row.decode(4)
        let offsets: [Int64] = try row.decode(5)
        let deleted: [Bool] = try row.decode(6)
        let replies: [Int32] = try row.decode(7)
        let lastReplies: [Int64?] = try row.decode(8)
        guard [offsets.count, deleted.count, replies.count, lastReplies.count].allSatisfy({ $0 == revisions.count })
        else {
            throw PostgresError(.decoding, "the arrays of a page are not aligned")
        }
        return revisions.indices.map { index in
            MessageMetadata(
                sequence: SequenceNumber(rawValue: low + Int64(index)),
                revision: Offset(rawValue: revisions[index]),
                createdOffset: Offset(rawValue: offsets[index]),
                isDeleted: deleted[index],
                replyCount: Int(replies[index]),
                lastReply: lastReplies[index].map(SequenceNumber.init(rawValue:))
            )
        }
    }

    package func announcedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent] {
        let query: PostgresQuery = """
            SELECT "offset", kind, actor_id, op_id, seq, target_seq, target_user, data, at
            FROM duologue_read_events(\(chat.rawValue), \(offset.rawValue), \(Int32(clamping: limit)))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("read_events")).map { row throws(PostgresError) in try Self.event(row) }
        }
    }

    package func committedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent] {
        let query: PostgresQuery = """
            SELECT "offset", kind, actor_id, op_id, seq, target_seq, target_user, data, at FROM chat_events
            WHERE chat_id = \(chat.rawValue) AND "offset" > \(offset.rawValue)
            ORDER BY "offset" LIMIT \(Int32(clamping: limit))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("committed_events"))
                .map { row throws(PostgresError) in try Self.event(row) }
        }
    }

    private static func event(_ row: PostgresRow) throws(PostgresError) -> LoggedEvent {
        let kind = try row.kind(1)
        let actor: UserID = try row.id(2)
        let data: PostgresJSON? = try row.decode(7)
        let target: SequenceNumber? = try row.optionalID(5)
        let facts = try EventFactsReader.facts(of: kind, data)
        let body = try EventFactsReader.body(
            of: kind,
            actor: actor,
            targetUser: try row.optionalID(6),
            target: target,
            data: data,
            facts: facts
        )
        return LoggedEvent(
            offset: try row.id(0),
            kind: kind,
            actor: actor,
            operation: OperationID(try row.decode(3)),
            sequence: try row.optionalID(4) ?? target,
            at: try row.timestamp(8),
            body: body,
            facts: facts
        )
    }

    package func metadata(of chat: ChatID, sequences: [SequenceNumber]) async throws -> [MessageMetadata] {
        let query: PostgresQuery = """
            SELECT seq, rev, "offset", deleted_at IS NOT NULL, reply_count, last_reply_seq FROM message_metadata
            WHERE chat_id = \(chat.rawValue) AND seq = ANY (\(sequences.map(\.rawValue))) ORDER BY seq
            """
        return try await postgres { () throws(PostgresError) in
            try await client.query(query.named("metadata")).map { row throws(PostgresError) in
                MessageMetadata(
                    sequence: try row.id(0),
                    revision: try row.id(1),
                    createdOffset: try row.id(2),
                    isDeleted: try row.decode(3),
                    replyCount: try row.decode(4),
                    lastReply: try row.optionalID(5)
                )
            }
        }
    }

    package func replies(to root: MessageID, window: HistoryWindow, limit: Int) async throws -> [SequenceNumber] {
        let (chat, sequence) = (root.chat.rawValue, root.sequence.rawValue)
        let query: PostgresQuery
        switch window {
        case .after(let low):
            query = PostgresQuery(
                """
                SELECT seq FROM message_metadata
                WHERE chat_id = \(chat) AND thread_root = \(sequence) AND seq > \(low.rawValue)
                ORDER BY seq LIMIT \(limit)
                """
            ).named("replies_after")
        case .before(let high): query = Self.repliesBefore(chat, sequence, high.rawValue, limit)
        case .newest, .around, .firstUnread: query = Self.repliesBefore(chat, sequence, .max, limit)
        }
        return try await postgres { () throws(PostgresError) in
            try await client.query(query).map { row throws(PostgresError) in try row.id(0) }
        }
    }

    private static func repliesBefore(_ chat: Int64, _ root: Int64, _ high: Int64, _ limit: Int) -> PostgresQuery {
        PostgresQuery(
            """
            SELECT seq FROM (
                SELECT seq FROM message_metadata
                WHERE chat_id = \(chat) AND thread_root = \(root) AND seq < \(high)
                ORDER BY seq DESC LIMIT \(limit)
            ) page ORDER BY seq
            """
        ).named("replies_before")
    }
}

package import Domain
internal import Postgres

/// Reads of single messages and of many chats at once; every method is one statement.
extension PostgresHistoryStore {
    package func snapshot(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        for user: UserID
    ) async throws -> HistorySnapshot? {
        let query: PostgresQuery = """
            SELECT chat_id, last_offset, last_seq, read_seq, shown_seq, rev, shown_offset, reply_count, last_reply_seq,
                   kind, actor_id, op_id, seq, "offset", payload, at, thread_root, replies, last_reply, last_reply_at, data,
                   deleted, hidden, (SELECT epoch::text FROM meta), (SELECT silent_changes FROM meta)
            FROM duologue_read_numbers(\(user.rawValue), \(chat.rawValue), \(sequences.map(\.rawValue)))
            """
        return try await postgres { () throws(PostgresError) in
            let rows = try await client.query(query.named("read_numbers"))
            guard let first = rows.first else { return nil }
            var snapshot = try HistoryRows.latest(first)
            snapshot.rows = []
            snapshot.epoch = try first.decode(23)
            snapshot.silentChanges = try first.decode(24)
            for row in rows {
                let shown = try HistoryRows.latest(row, isDeleted: try row.decode(21)).rows
                // The rows of one message follow each other.
                if let message = shown.last, message.sequence != snapshot.rows.last?.sequence {
                    snapshot.rows.append(message)
                    if try row.decode(22) { snapshot.hidden.insert(message.sequence) }
                }
                if let committed = try HistoryRows.unfinished(row, from: 9, in: chat) {
                    snapshot.redo.append(committed)
                }
            }
            snapshot.isFiltered = !snapshot.hidden.isEmpty
            snapshot.redo.sort { $0.allocation.offset < $1.allocation.offset }
            return snapshot
        }
    }

    package func latest(of chats: [ChatID], for user: UserID) async throws -> [ChatID: HistorySnapshot] {
        let query: PostgresQuery = """
            SELECT chat_id, last_offset, last_seq, read_seq, shown_seq, rev, shown_offset, reply_count, last_reply_seq,
                   kind, actor_id, op_id, seq, "offset", payload, at, thread_root, replies, last_reply, last_reply_at, data,
                   (SELECT epoch::text FROM meta),
                   EXISTS (SELECT FROM hidden_messages h WHERE h.chat_id = l.chat_id AND h.user_id = \(user.rawValue)),
                   (SELECT silent_changes FROM meta)
            FROM duologue_latest(\(user.rawValue), \(chats.map(\.rawValue)), \(Int32(Self.latestReach))) l
            """
        return try await postgres { () throws(PostgresError) in
            var snapshots: [ChatID: HistorySnapshot] = [:]
            for row in try await client.query(query.named("latest")) {
                let chat: ChatID = try row.id(0)
                var snapshot: HistorySnapshot
                if let known = snapshots[chat] { snapshot = known } else { snapshot = try HistoryRows.latest(row) }
                snapshot.epoch = try row.decode(21)
                snapshot.isFiltered = try row.decode(22)
                snapshot.silentChanges = try row.decode(23)
                if let committed = try HistoryRows.unfinished(row, from: 9, in: chat) {
                    snapshot.redo.append(committed)
                }
                snapshots[chat] = snapshot
            }
            return snapshots
        }
    }

    package func snapshots(of messages: [MessageID], for user: UserID) async throws -> [ChatID: HistorySnapshot] {
        let query: PostgresQuery = """
            SELECT chat_id, last_offset, last_seq, read_seq, shown_seq, rev, shown_offset, reply_count, last_reply_seq,
                   kind, actor_id, op_id, seq, "offset", payload, at, thread_root, replies, last_reply, last_reply_at, data,
                   deleted
            FROM duologue_read_messages(
                \(user.rawValue), \(messages.map(\.chat.rawValue)), \(messages.map(\.sequence.rawValue)))
            """
        return try await postgres { () throws(PostgresError) in
            var snapshots: [ChatID: HistorySnapshot] = [:]
            for row in try await client.query(query.named("read_messages")) {
                let chat: ChatID = try row.id(0)
                var snapshot = try HistoryRows.latest(row, isDeleted: try row.decode(21))
                if let known = snapshots[chat] {
                    // The rows of one message follow each other.
                    let isAnother = known.rows.last?.sequence != snapshot.rows.last?.sequence
                    snapshot.rows = isAnother ? known.rows + snapshot.rows : known.rows
                    snapshot.redo = known.redo
                }
                if let committed = try HistoryRows.unfinished(row, from: 9, in: chat) {
                    snapshot.redo.append(committed)
                }
                snapshots[chat] = snapshot
            }
            return snapshots
        }
    }

    package func closedByBlock(_ chats: [ChatID], for user: UserID) async throws -> [ChatID: Bool] {
        let query: PostgresQuery = """
            SELECT p.chat_id, c.closed_by_block FROM participants p JOIN chats c ON c.id = p.chat_id
            WHERE p.user_id = \(user.rawValue) AND p.chat_id = ANY (\(chats.map(\.rawValue)))
            """
        return try await postgres { () throws(PostgresError) in
            var closed: [ChatID: Bool] = [:]
            for row in try await client.query(query.named("closed_by_block")) {
                let chat: ChatID = try row.id(0)
                closed[chat] = try row.decode(1, as: Bool.self)
            }
            return closed
        }
    }
}

package import Domain
package import IOCore
package import Postgres

/// The batch function and the redo table of Postgres.
///
/// Loop-bound, like its client.
package final class PostgresCommitLog: CommitLog {
    private let client: PostgresClient
    private let node: NodeID
    private let logger: Logger

    /// How long this node has a batch to itself, on the database's clock.
    private static let leaseMilliseconds: Int32 = 3000

    /// Decides and leases in the name of `node`, which is new for every process.
    package init(client: PostgresClient, node: NodeID, logger: Logger) {
        self.client = client
        self.node = node
        self.logger = logger
    }

    // MARK: Committing

    package func commit(
        _ batch: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool,
        again: Bool
    ) async throws -> [CommitResult] {
        let columns = BatchColumns(operations)
        func query(wait: Bool) -> PostgresQuery {
            commitQuery(batch, columns, dropping: finished, wait: wait, again: again)
        }
        let rows: [PostgresRow]
        do throws(PostgresError) {
            rows = try await client.execute(query(wait: wait))
        } catch  where Self.isWorthAnotherTry(error, of: operations.count, waited: wait) {
            // The first run was rolled back as a whole, so the second may keep its id.
            do throws(PostgresError) {
                // One wait in vain is enough: the chats that are free must not wait for one locked chat after the other.
                rows = try await client.execute(query(wait: wait && error.sqlstate != Self.lockNotAvailable))
            } catch {
                throw Self.storeError(error, count: operations.count)
            }
        } catch {
            throw Self.storeError(error, count: operations.count)
        }
        do {
            guard rows.count == operations.count else {
                throw PostgresError(.decoding, "the batch function answered \(rows.count) rows")
            }
            return try zip(rows, operations).map { row, operation in
                try CommitAnswers.result(row, kind: operation.kind)
            }
        } catch {
            // It is committed; only asking again can tell how.
            throw StoreError(.postgres, .unknown, "\(error)")
        }
    }

    private static let lockNotAvailable = "55P03"

    /// A deadlock is broken by trying again, and a lock that was waited for is left out.
    ///
    /// An id that another transaction won meanwhile is tried once more where nobody else is in the batch to be held up.
    private static func isWorthAnotherTry(_ error: PostgresError, of count: Int, waited: Bool) -> Bool {
        guard !error.isOutcomeUnknown else { return false }
        switch error.sqlstate {
        case "40001", "40P01": return true
        case lockNotAvailable: return waited
        case "23505": return count == 1
        default: return false
        }
    }

    /// A lock on something else than a chat that an operation alone cannot get may be free later; in a batch it must not
    /// hold up the others.
    private static func storeError(_ error: PostgresError, count: Int) -> StoreError {
        guard !error.isOutcomeUnknown, [lockNotAvailable, "40001", "40P01"].contains(error.sqlstate) else {
            return StoreError(error)
        }
        // Permanent for the batch as a whole: its operations are run one by one.
        return StoreError(.postgres, count == 1 ? .retryable : .permanent, error.description)
    }

    private func commitQuery(
        _ batch: BatchID,
        _ columns: BatchColumns,
        dropping finished: [BatchID],
        wait: Bool,
        again: Bool
    ) -> PostgresQuery {
        let query: PostgresQuery = """
            SELECT status, chat_id, seq, "offset", created_at, thread, replies, last_reply, last_reply_at, facts, pending,
                   duologue_is_aside(pending)
            FROM duologue_commit(
                \(PostgresUUID(batch)), \(PostgresUUID(node)), \(Self.leaseMilliseconds), \(wait),
                \(finished.map(PostgresUUID.init)),
                \(columns.chats), \(columns.kinds)::smallint[], \(columns.actors), \(columns.operations),
                \(columns.hashes), \(columns.targets), \(columns.replyTo), \(columns.threadRoots), \(columns.types),
                \(columns.payloads), \(columns.expectedRevisions), \(columns.data),
                \(again)
            )
            ORDER BY ord
            """
        return query.named("commit")
    }

    package func nextChatID() async throws -> ChatID {
        try await postgres { () throws(PostgresError) in
            let query: PostgresQuery = "SELECT nextval('chat_ids')"
            let rows = try await client.execute(query.named("next_chat_id"))
            guard let row = rows.first else { throw PostgresError(.decoding, "nextval gave no row") }
            return try row.id(0)
        }
    }

    // MARK: Finishing

    package func takeExpired(limit: Int) async throws -> [RedoBatch] {
        let query: PostgresQuery = """
            SELECT batch_id, attempts, created_at, op_chats, op_kinds, op_actors, op_ids, op_seqs, op_offsets, op_payloads,
                   op_threads, op_replies, op_last_replies, op_last_reply_times, op_data
            FROM duologue_take_redo(\(PostgresUUID(node)), \(Int32(clamping: limit)), \(Self.leaseMilliseconds))
            """
        return try await taken(query.named("take_redo"))
    }

    package func takeCovering(_ chat: ChatID, through offset: Offset) async throws -> [RedoBatch] {
        let query: PostgresQuery = """
            SELECT batch_id, attempts, created_at, op_chats, op_kinds, op_actors, op_ids, op_seqs, op_offsets, op_payloads,
                   op_threads, op_replies, op_last_replies, op_last_reply_times, op_data
            FROM duologue_covering_redo(
                \(PostgresUUID(node)), \(chat.rawValue), \(offset.rawValue), \(Self.leaseMilliseconds))
            """
        return try await taken(query.named("covering_redo"))
    }

    private func taken(_ query: PostgresQuery) async throws -> [RedoBatch] {
        let rows = try await postgres { () throws(PostgresError) in try await client.execute(query) }
        var batches: [RedoBatch] = []
        for row in rows {
            do throws(PostgresError) {
                batches.append(try RedoRows.batch(row))
            } catch {
                // It stays for a version that can read it, and must not keep the others from being finished.
                let id = try? row.decode(0, as: PostgresUUID.self)
                logger.error(
                    "redo row is unreadable",
                    [
                        "batch": .string(id.map { BatchID($0).description } ?? "unknown"),
                        "error": .string(error.description),
                    ]
                )
            }
        }
        return batches
    }

    package func renew(_ batches: [BatchID]) async throws {
        let query: PostgresQuery = """
            SELECT duologue_renew_redo(
                \(PostgresUUID(node)), \(batches.map(PostgresUUID.init)), \(Self.leaseMilliseconds))
            """
        try await postgres { () throws(PostgresError) in _ = try await client.execute(query.named("renew_redo")) }
    }

    package func drop(_ batches: [BatchID]) async throws {
        let query: PostgresQuery = "SELECT duologue_drop_redo(\(batches.map(PostgresUUID.init)))"
        try await postgres { () throws(PostgresError) in _ = try await client.execute(query.named("drop_redo")) }
    }

    package func quarantine(_ chats: Set<ChatID>, of batch: BatchID, reason: String) async throws {
        let query: PostgresQuery = """
            SELECT FROM duologue_quarantine(\(PostgresUUID(batch)), \(chats.map(\.rawValue)), \(reason))
            """
        try await postgres { () throws(PostgresError) in _ = try await client.execute(query.named("quarantine")) }
    }

    package func depth() async throws -> RedoDepth {
        try await postgres { () throws(PostgresError) in
            let query: PostgresQuery = """
                SELECT batches, bytes, oldest_age_ms, stuck, quarantined_chats FROM duologue_redo_depth()
                """
            guard let row = try await client.query(query.named("redo_depth")).first else { return RedoDepth() }
            return RedoDepth(
                rows: try row.decode(0),
                bytes: try row.decode(1),
                oldestAge: .milliseconds(try row.decode(2, as: Int64.self)),
                stuckRows: try row.decode(3),
                quarantinedChats: try row.decode(4)
            )
        }
    }

    /// Vacuums the redo table, whose rows die by the hundred a second; skipped while another node does.
    package func maintain() async throws {
        let query: PostgresQuery = "VACUUM (SKIP_LOCKED) write_redo"
        try await postgres { () throws(PostgresError) in _ = try await client.execute(query.named("vacuum_redo")) }
    }
}

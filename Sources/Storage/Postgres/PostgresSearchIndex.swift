package import Domain
package import Postgres

/// The search index in Postgres, as it is filled.
///
/// Loop-bound, like its client. Every method is one statement.
package final class PostgresSearchIndex: SearchIndex {
    private let client: PostgresClient

    /// Writes through `client`.
    package init(client: PostgresClient) {
        self.client = client
    }

    package func slice(after chat: ChatID?, limit: Int) async throws -> IndexingSlice {
        let query: PostgresQuery = """
            SELECT last_id, chats, events FROM duologue_search_behind(\(chat?.rawValue ?? 0), \(Int32(clamping: limit)))
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query.named("search_behind")).first else {
                throw PostgresError(.decoding, "a slice has one row")
            }
            return IndexingSlice(
                last: try row.optionalID(0),
                behind: try row.decode(1, as: [Int64].self).map(ChatID.init(rawValue:)),
                events: try row.decode(2)
            )
        }
    }

    package func take(_ chats: [ChatID], events: Int, lease: Duration) async throws -> [IndexingTask] {
        guard !chats.isEmpty else { return [] }
        let query: PostgresQuery = """
            SELECT chat_id, from_offset, through_offset, seqs, revs, age
            FROM duologue_take_unindexed(
                \(chats.map(\.rawValue)), \(Int32(clamping: events)), \(Int32(lease / .milliseconds(1))))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("take_unindexed")).map { row throws(PostgresError) in
                let chat: ChatID = try row.id(0)
                let (sequences, revisions): ([Int64], [Int64]) = (try row.decode(3), try row.decode(4))
                return IndexingTask(
                    chat: chat,
                    from: try row.id(1),
                    through: try row.id(2),
                    changes: zip(sequences, revisions).map { sequence, revision in
                        let message = MessageID(chat: chat, sequence: SequenceNumber(rawValue: sequence))
                        return SearchHit(message, Offset(rawValue: revision))
                    },
                    age: .seconds(try row.decode(5, as: Double.self))
                )
            }
        }
    }

    package func put(_ documents: [SearchDocument], without deleted: [SearchHit]) async throws {
        guard !documents.isEmpty || !deleted.isEmpty else { return }
        let (messages, gone) = (documents.map(\.message), deleted.map(\.message))
        let query: PostgresQuery = """
            SELECT duologue_put_documents(
                \(messages.map(\.chat.rawValue)), \(messages.map(\.sequence.rawValue)),
                \(documents.map(\.revision.rawValue)), \(documents.map { PostgresTimestamp($0.createdAt) }),
                \(documents.map(SearchTexts.terms)), \(gone.map(\.chat.rawValue)), \(gone.map(\.sequence.rawValue)),
                \(deleted.map(\.revision.rawValue)))
            """
        _ = try await postgres { () throws(PostgresError) in try await client.execute(query.named("put_documents")) }
    }

    package func finish(_ tasks: [IndexingTask]) async throws -> [ChatID] {
        guard !tasks.isEmpty else { return [] }
        let query: PostgresQuery = """
            SELECT chat_id FROM duologue_finish_indexing(
                \(tasks.map(\.chat.rawValue)), \(tasks.map(\.from.rawValue)), \(tasks.map(\.through.rawValue)))
            """
        return try await postgres { () throws(PostgresError) in
            try await client.execute(query.named("finish_indexing")).map { row throws(PostgresError) in try row.id(0) }
        }
    }

    // MARK: Rebuilding

    package func rebuild() async throws -> (next: MessageID, messages: Int)? {
        try await postgres { () throws(PostgresError) in
            let rows = try await client.execute("SELECT chat_id, seq, messages FROM search_rebuild")
            guard let row = rows.first else { return nil }
            return (MessageID(chat: try row.id(0), sequence: try row.id(1)), try row.decode(2))
        }
    }

    package func keepRebuild(at next: MessageID, messages: Int) async throws {
        let query: PostgresQuery = """
            INSERT INTO search_rebuild (chat_id, seq, messages)
            VALUES (\(next.chat.rawValue), \(next.sequence.rawValue), \(messages))
            ON CONFLICT (only_row) DO UPDATE
            SET chat_id = excluded.chat_id, seq = excluded.seq, messages = excluded.messages
            """
        _ = try await postgres { () throws(PostgresError) in try await client.execute(query) }
    }

    package func endRebuild() async throws {
        _ = try await postgres { () throws(PostgresError) in try await client.execute("DELETE FROM search_rebuild") }
    }

    package func rebuildStep(from next: MessageID, limit: Int) async throws -> RebuildStep? {
        let query: PostgresQuery = """
            SELECT chat_id, low, high FROM duologue_rebuild_step(
                \(next.chat.rawValue), \(next.sequence.rawValue), \(Int32(clamping: limit)))
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query).first else { return nil }
            let (low, high): (SequenceNumber, SequenceNumber) = (try row.id(1), try row.id(2))
            return RebuildStep(chat: try row.id(0), range: low...max(low, high))
        }
    }

    package func dropAhead(from first: MessageID, through last: MessageID?, limit: Int) async throws -> Int {
        let query: PostgresQuery = """
            SELECT duologue_drop_ahead(
                \(first.chat.rawValue), \(first.sequence.rawValue), \(last?.chat.rawValue ?? .max),
                \(last?.sequence.rawValue ?? .max), \(Int32(clamping: limit)))
            """
        return try await postgres { () throws(PostgresError) in
            guard let row = try await client.execute(query).first else {
                throw PostgresError(.decoding, "a count has no row")
            }
            return Int(try row.decode(0, as: Int32.self))
        }
    }
}

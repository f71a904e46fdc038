import IOCore
import JSON
import Mongo
import Postgres
import Support

/// Reads the stores as they are, past the servers.
///
/// Loop-bound.
final class StoreReader {
    private let postgres: PostgresClient
    private let mongo: MongoClient
    private let loop: EventLoop

    init(postgresURL: String, mongoURL: String, loop: EventLoop, resolver: BlockingPool) throws {
        var configuration = try PostgresConfiguration(url: postgresURL)
        configuration.applicationName = "campaign"
        configuration.deadline = .seconds(30)
        postgres = PostgresClient(configuration: configuration, loop: loop, blocking: resolver)
        var documents = MongoConfiguration(url: mongoURL, database: "duologue")
        documents.threads = 2
        documents.deadline = .seconds(30)
        documents.serverSelectionTimeout = .seconds(30)
        documents.socketTimeout = .seconds(60)
        mongo = try MongoClient(documents, logger: Logger(label: "campaign", level: .error))
        self.loop = loop
    }

    /// Keeps the connections while `body` runs.
    func run(_ body: () async throws -> Void) async throws {
        let bound = LoopBound(postgres, loop: loop)
        let loop = loop
        defer { mongo.shutdown() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) { await loop.actor.run { _ in await bound.value.run() } }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            await postgres.shutdown(grace: .seconds(1))
            try await group.waitForAll()
            try result.get()
        }
    }

    /// Batches that are decided and not finished.
    func unfinished() async throws -> Int {
        let rows = try await postgres.query("SELECT count(*)::text FROM write_redo")
        return Int(try rows.first?.decode(0, as: String.self) ?? "") ?? -1
    }

    /// Batches of these chats that are decided and not finished.
    func unfinished(of chats: [Int64]) async throws -> Int {
        let rows = try await postgres.query("SELECT count(*)::text FROM write_redo WHERE chat_ids && \(chats)")
        return Int(try rows.first?.decode(0, as: String.self) ?? "") ?? -1
    }

    /// Makes Postgres take space on its disk; true when there was none.
    func findsDiskFull() async -> Bool {
        do {
            // A new segment of the log, and pages of a table.
            _ = try await postgres.query("SELECT pg_switch_wal()")
            _ = try await postgres.query(
                "CREATE TABLE IF NOT EXISTS ballast AS SELECT repeat('x', 500) FROM generate_series(1, 20000)"
            )
            return false
        } catch {
            return true
        }
    }

    /// Makes deleted messages of a chat so old that they are purged; how many are to be.
    func ageTombstones(of chat: Int64) async throws -> Int {
        _ = try await postgres.query(
            """
            UPDATE message_metadata SET deleted_at = deleted_at - interval '25 hours'
            WHERE chat_id = \(chat) AND deleted_at > now() - interval '24 hours'
            """
        )
        let rows = try await postgres.query(
            """
            SELECT ((SELECT count(*) FROM message_metadata
                     WHERE chat_id = \(chat) AND deleted_at IS NOT NULL AND purged_at IS NULL)
                  + (SELECT count(*) FROM message_purges WHERE chat_id = \(chat)))::text
            """
        )
        return Int(try rows.first?.decode(0, as: String.self) ?? "") ?? 0
    }

    /// Lets MongoDB refuse, for good, what is written to a chat; or nothing any more.
    func refuseDocuments(of chat: Int64?) async throws {
        let answer = try await mongo.command(
            BSONDocument { writer in
                writer.int32("listCollections", 1)
                writer.document("filter") { $0.string("name", "messages") }
            }
        )
        guard case .document(let collection)? = try answer.document("cursor").array("firstBatch").first else { return }
        let schema = try collection.document("options").document("validator").document("$jsonSchema")
        _ = try await mongo.command(
            BSONDocument { writer in
                writer.string("collMod", "messages")
                writer.document("validator") { rules in
                    rules.document("$jsonSchema", schema)
                    if let chat { rules.document("chat_id") { $0.int64("$ne", chat) } }
                }
            }
        )
    }

    /// The newest offset of a chat.
    func head(of chat: Int64) async throws -> Int64 {
        let rows = try await postgres.query("SELECT last_offset FROM chats WHERE id = \(chat)")
        return try rows.first?.decode(0, as: Int64.self) ?? 0
    }

    /// Who is in a chat.
    func members(of chat: Int64) async throws -> Set<Int64> {
        let rows = try await postgres.query("SELECT user_id FROM participants WHERE chat_id = \(chat)")
        return Set(try rows.map { try $0.decode(0, as: Int64.self) })
    }

    /// Everything that is stored of a chat.
    func read(_ chat: Int64, founders: Set<Int64>) async throws -> StoredChat {
        var stored = StoredChat(chat: chat)
        stored.founders = founders
        let rows = try await postgres.query(
            """
            SELECT jsonb_build_object('last_seq', c.last_seq, 'last_offset', c.last_offset,
                'members', (SELECT jsonb_agg(p.user_id) FROM participants p WHERE p.chat_id = c.id),
                'pins', (SELECT jsonb_agg(p.seq) FROM pins p WHERE p.chat_id = c.id),
                'metadata', (SELECT jsonb_agg(jsonb_build_object('seq', m.seq, 'rev', m.rev,
                                'deleted', m.deleted_at IS NOT NULL, 'purged', m.purged_at IS NOT NULL))
                             FROM message_metadata m WHERE m.chat_id = c.id),
                'events', (SELECT jsonb_agg(jsonb_build_object('offset', e."offset", 'kind', e.kind, 'actor', e.actor_id,
                                'op', e.op_id, 'seq', e.seq, 'target', e.target_seq, 'user', e.target_user,
                                'emoji', e.data->>'emoji') ORDER BY e."offset")
                           FROM chat_events e WHERE e.chat_id = c.id))::text
            FROM chats c WHERE c.id = \(chat)
            """
        )
        let text = try rows.first?.decode(0, as: String.self) ?? "{}"
        guard case .object(let object) = try JSONValue(parsing: Array(text.utf8)) else { return stored }
        Self.fill(&stored, from: object)
        try await readDocuments(of: chat, into: &stored)
        return stored
    }

    private static func fill(_ stored: inout StoredChat, from object: JSONObject) {
        stored.lastSequence = object.integer("last_seq") ?? 0
        stored.lastOffset = object.integer("last_offset") ?? 0
        stored.members = Set(integers(object["members"]))
        stored.pins = Set(integers(object["pins"]))
        for row in object.objects("metadata") {
            stored.metadata[row.integer("seq") ?? 0] = StoredChat.Metadata(
                revision: row.integer("rev") ?? 0,
                isDeleted: row.bool("deleted") ?? false,
                isPurged: row.bool("purged") ?? false
            )
        }
        stored.events = object.objects("events").map { row in
            StoredChat.Event(
                offset: row.integer("offset") ?? 0,
                kind: Int(row.integer("kind") ?? 0),
                actor: row.integer("actor") ?? 0,
                operation: row.string("op") ?? "",
                sequence: row.integer("seq"),
                target: row.integer("target"),
                targetUser: row.integer("user"),
                emoji: row.string("emoji")
            )
        }
    }

    private static func integers(_ value: JSONValue?) -> [Int64] {
        guard case .array(let values) = value else { return [] }
        return values.compactMap { if case .integer(let number) = $0 { number } else { nil } }
    }

    private func readDocuments(of chat: Int64, into stored: inout StoredChat) async throws {
        let filter = BSONDocument { $0.int64("chat_id", chat) }
        let everything = FindOptions(limit: 1_000_000)
        for document in try await mongo.find("messages", filter, options: everything, deadline: .seconds(30)) {
            stored.bodies[try document.int64("seq")] = StoredChat.Body(
                revision: try document.int64("rev"),
                isDeleted: try document.bool("deleted"),
                content: try document.string(ifPresent: "content")
            )
        }
        for document in try await mongo.find("reactions", filter, options: everything, deadline: .seconds(30))
        where try document.bool("on") {
            let reaction = StoredChat.Reaction(
                sequence: try document.int64("seq"),
                user: try document.int64("user_id"),
                emoji: try document.string("emoji")
            )
            stored.reactions.insert(reaction)
        }
    }
}

import Audit
import Domain
import IOCore
import Messaging
import Mongo
import Postgres
import Storage

/// A quiet chat with a history of everything, and what plants corruption in it and looks for it.
///
/// Loop-bound.
final class AuditScene {
    let fixture: StorageFixture
    let stores: LoopStores
    let load: AuditLoad
    let users: [UserID]
    /// Where nothing happens any more.
    let quiet: ChatID
    /// Where the load writes.
    let busy: ChatID

    init(_ fixture: StorageFixture, _ stores: LoopStores, _ load: AuditLoad) async throws {
        self.fixture = fixture
        self.stores = stores
        self.load = load
        users = try await stores.users(4)
        quiet = try await stores.group(of: users[0], with: [users[1]])
        busy = try await stores.group(of: users[0], with: Array(users[1...]))
        try await writeHistory()
    }

    /// How many changes without an event a reader is told of.
    func silentChanges() async throws -> Int64 {
        let page = try await stores.history.snapshot(of: busy, for: users[0], window: .newest, limit: 1)
        return page?.silentChanges ?? -1
    }

    /// Messages 1 to 40.
    ///
    /// 3 and 12 are edited; 7 and 9 deleted, 9 after an edit and purged; 1 is the root of a thread with the replies
    /// 36 to 40, of which 40 is deleted; 11, 20 and 21 have reactions of which that on 20 is taken back; 22 and 23
    /// are pinned. A member came, got a role, and went.
    private func writeHistory() async throws {
        let (ada, bob) = (users[0], users[1])
        for number in 1...35 {
            let draft = MessageDraft(content: "message \(number)", mentions: number == 9 ? [.all] : [])
            _ = try await load.messages.send(draft, to: quiet, by: ada, id: .random())
        }
        for number in 36...40 {
            let draft = MessageDraft(content: "reply \(number)", threadRoot: SequenceNumber(rawValue: 1))
            _ = try await load.messages.send(draft, to: quiet, by: bob, id: .random())
        }
        for number in [3, 12, 9, 17] {
            _ = try await load.messages.edit(id(number), MessageEdit(content: "edited"), by: ada, id: .random())
        }
        for number in [7, 9, 40] { _ = try await load.messages.delete(id(number), by: ada, id: .random()) }
        for number in [11, 20, 21] {
            _ = try await load.messages.react(to: id(number), with: "👍🏽", isOn: true, by: bob, id: .random())
        }
        _ = try await load.messages.react(to: id(20), with: "👍🏽", isOn: false, by: bob, id: .random())
        for number in [22, 23] { _ = try await load.messages.pin(id(number), isOn: true, by: bob, id: .random()) }
        let addition = ParticipantAddition(user: users[2], role: .member, memberLimit: 100)
        _ = try await load.chats.add(addition, to: quiet, by: ada, id: .random())
        _ = try await load.chats.changeRole(of: users[2], to: .admin, in: quiet, by: ada, id: .random())
        _ = try await load.chats.remove(users[2], from: quiet, by: ada, id: .random())
        _ = try await load.chats.change(ChatChange(name: .set("Quiet")), of: quiet, by: ada, id: .random())
        try await purge(9)
    }

    private func purge(_ number: Int64) async throws {
        let chat = quiet.rawValue
        try await sql(
            "UPDATE message_metadata SET deleted_at = deleted_at - interval '25 h' WHERE chat_id = \(chat) AND seq = \(number)"
        )
        // The redo row that still covers the deletion is dropped a moment after its answer.
        while true {
            let targets = try await stores.purges.takePurges(olderThan: .seconds(86_400), limit: 10)
            if targets.isEmpty {
                await fixture.loop.sleep(for: .milliseconds(50))
                continue
            }
            try await stores.bodies.purge(targets)
            try await stores.purges.finishPurges(targets)
            return
        }
    }

    func id(_ number: Int) -> MessageID { id(Int64(number)) }

    func id(_ number: Int64) -> MessageID { MessageID(chat: quiet, sequence: SequenceNumber(rawValue: number)) }

    // MARK: Auditing

    /// An audit with clients of its own, as the command runs it.
    func audit(repairs: Bool = false, chat: ChatID? = nil, windowLimit: Int = 64) async throws -> AuditOutcome {
        var options = Auditor.Options()
        options.repairs = repairs
        options.chat = chat
        // Small windows, so that their seams are tested as well.
        options.windowLimit = windowLimit
        options.pause = .milliseconds(20)
        let blocking = BlockingPool(name: "audit", threads: 2, queueLimit: 16)
        let outcome = try await AuditStores.audit(
            fixture.databases.stores,
            options,
            loop: fixture.loop,
            blocking: blocking,
            logger: fixture.logger
        )
        blocking.shutdown()
        return outcome
    }

    // MARK: Planting

    /// Runs SQL of the test's own.
    func sql(_ query: PostgresQuery) async throws {
        try await fixture.sql { client in _ = try await client.execute(query) }
    }

    /// A document of a collection; its `_id` is that of a message and more fields.
    func document(
        _ collection: String,
        _ number: Int64,
        _ more: @Sendable (inout BSONDocumentWriter) -> Void = { _ in }
    ) async throws -> BSONDocument {
        let found = try await fixture.mongo.find(collection, key(number, more))
        guard let document = found.first else { throw StorageFixture.SetUpFailure() }
        return document
    }

    /// Finds a document by its `_id`.
    func key(_ number: Int64, _ more: (inout BSONDocumentWriter) -> Void = { _ in }) -> BSONDocument {
        let chat = quiet.rawValue
        return BSONDocument { writer in
            writer.document("_id") { id in
                id.int64("c", chat)
                id.int64("s", number)
                more(&id)
            }
        }
    }

    /// Changes fields of a message's document behind everybody's back.
    func set(
        _ number: Int64,
        in collection: String = "messages",
        _ fields: (inout BSONDocumentWriter) -> Void
    ) async throws {
        let update = BSONDocument { writer in writer.document("$set") { fields(&$0) } }
        let outcome = try await fixture.mongo.updateMany(collection, key(number), update)
        guard outcome.modified == 1 else { throw StorageFixture.SetUpFailure() }
    }

    /// Inserts a copy of a document with other values under some fields.
    func insert(_ collection: String, _ document: BSONDocument, _ values: [String: BSONValue]) async throws {
        let copy = BSONDocument { writer in
            for (key, value) in document { writer.append(key, values[key] ?? value) }
        }
        let outcome = try await fixture.mongo.insertMany(collection, [copy])
        guard outcome.isComplete else { throw StorageFixture.SetUpFailure() }
    }

    /// Everything both stores hold of the quiet chat, and what was set aside, as text.
    func contents() async throws -> [String] {
        var contents: [String] = []
        for collection in ["messages", "revisions", "reactions", "threads", "set_aside"] {
            let all = FindOptions(sort: BSONDocument { $0.int32("_id", 1) }, limit: 10_000)
            let filter =
                collection == "set_aside" ? BSONDocument() : BSONDocument { $0.int64("chat_id", quiet.rawValue) }
            contents += try await fixture.mongo.find(collection, filter, options: all).map {
                "\(collection) \($0.bytes)"
            }
        }
        let chat = quiet.rawValue
        contents += try await fixture.sql { client in
            let rows = try await client.query(
                """
                SELECT (SELECT to_jsonb(c)::text FROM chats c WHERE id = \(chat))
                UNION ALL (SELECT to_jsonb(m)::text FROM message_metadata m WHERE chat_id = \(chat) ORDER BY seq)
                UNION ALL (SELECT to_jsonb(e)::text FROM chat_events e WHERE chat_id = \(chat) ORDER BY "offset")
                UNION ALL (SELECT to_jsonb(p)::text FROM participants p WHERE chat_id = \(chat) ORDER BY user_id)
                UNION ALL (SELECT to_jsonb(p)::text FROM pins p WHERE chat_id = \(chat) ORDER BY seq)
                """
            )
            return try rows.map { try $0.decode(0, as: String?.self) ?? "" }
        }
        return contents
    }
}

extension AuditReport {
    /// Counts and examples by kind, for a comparison at a glance.
    var summary: [String: [String]] {
        Dictionary(uniqueKeysWithValues: findings.map { ($0.key.rawValue, $0.value.examples + ["\($0.value.count)"]) })
    }
}

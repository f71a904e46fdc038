import JSON
import Mongo
import Postgres
import Support
import Testing
import Web

/// A request that attacks, and the answer it must get.
struct Attack {
    let method: HTTPMethod
    let path: String
    let body: String?
    let status: Int
    let code: String

    init(_ method: HTTPMethod, _ path: String, _ body: String?, _ status: Int, _ code: String) {
        (self.method, self.path, self.body) = (method, path, body)
        (self.status, self.code) = (status, code)
    }
}

/// Two people in a chat of theirs, of whom Ben attacks, and a stranger whose chat and messages he must not reach.
///
/// Loop-bound.
final class AttackScene {
    let scene: ChangeScene
    let eve: TestUser
    /// Eve's own.
    let foreign: Int64
    /// A message in it that says ``secret``.
    let foreignMessage: String
    let message: String

    /// What nobody but Eve may ever be shown.
    static let secret = "nobody but Eve knows"

    private init(_ scene: ChangeScene) async throws {
        self.scene = scene
        message = try await scene.send("hello", as: scene.ada)
        eve = try await scene.client.makeUser("eve")
        foreign = try await scene.client.makeGroup(by: eve)
        let body = #"{"content":"\#(Self.secret)"}"#
        let sent = try await scene.call(.post, "/chats/\(foreign)/messages", body, as: eve)
        foreignMessage = try #require(sent.object.string("message_id"))
    }

    /// Runs `body` in a scene of its own.
    static func run(_ body: @Sendable @escaping (AttackScene) async throws -> Void) async throws {
        try await ChangeScene.run { try await body(AttackScene($0)) }
    }

    /// Makes every attack, as Ben: each gets its answer, no secret is in it, and afterwards everything is as before.
    func withstand(_ attacks: [Attack]) async throws {
        let before = try await contents()
        for attack in attacks {
            let answer = try await scene.call(attack.method, attack.path, attack.body, as: scene.ben)
            let what = "\(attack.method.name) \(attack.path) \(attack.body?.prefix(200) ?? "")"
            #expect(answer.status == attack.status && answer.code == attack.code, "\(what): \(answer.text)")
            #expect(answer.headers["content-type"] == "application/problem+json", "\(what)")
            expectNoLeak(answer, what)
        }
        #expect(try await contents() == before)
    }

    /// Neither what others said nor how the server is made shows.
    ///
    /// A refusal may repeat the path that was asked for.
    func expectNoLeak(_ answer: TestAnswer, _ what: String) {
        for word in [Self.secret, "SELECT", "duologue_", "pg_", "BSON", ".swift", "root:x:"] where !what.contains(word)
        {
            #expect(!answer.text.contains(word), "\(what): \(answer.text)")
        }
    }

    /// All that clients can have written, row by row and document by document; equal texts mean that nothing has changed.
    func contents() async throws -> String {
        try await eventually("redo empties") {
            try await scene.scene.number("SELECT count(*)::text FROM write_redo") == "0"
        }
        let rows = try await scene.scene.number(
            """
            SELECT md5(concat_ws('|',
                (SELECT string_agg((u.id, u.username, u.email, u.full_name, u.role, u.disabled_at, u.avatar_url, u.status_text,
                    u.password_hash)::text, ',' ORDER BY u.id) FROM users u),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM chats t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM direct_chats t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM participants t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM chat_events t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM message_metadata t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM message_mentions t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM pins t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM hidden_messages t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM saved_messages t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM thread_reads t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM drafts t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM contacts t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM blocks t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM user_settings t),
                (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM chat_invites t),
                (SELECT count(*) FROM sessions)))
            """
        )
        let mongo = try scene.scene.mongoClient()
        defer { mongo.shutdown() }
        let documents = try await mongo.command(BSONDocument { $0.int32("dbHash", 1) })
        return "\(rows) \(try documents.string("md5"))"
    }

    /// The content of a message as MongoDB has it, whatever its type.
    func stored(_ message: String) async throws -> BSONValue? {
        let parts = message.split(separator: "-").compactMap { Int64($0) }
        let mongo = try scene.scene.mongoClient()
        defer { mongo.shutdown() }
        let answer = try await mongo.command(
            BSONDocument { command in
                command.string("find", "messages")
                command.document("filter") { filter in
                    filter.int64("_id.c", parts[0])
                    filter.int64("_id.s", parts[1])
                }
            }
        )
        guard case .document(let found)? = try answer.document("cursor").array("firstBatch").first else { return nil }
        return found["content"]
    }
}

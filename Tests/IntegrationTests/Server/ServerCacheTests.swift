import IOCore
import JSON
import Postgres
import Support
import Testing
import Web

/// What two nodes show of chats that both cache.
@Suite(.realTime) struct ServerCacheTests {
    @Test
    func `no page is older than what was acknowledged on either node before, with Redis or without`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            let book = CachedChat(scene, pair)
            for number in 0..<12 { try await book.send("message \(number)") }
            try await book.run(beside: 3) {
                for step in 0..<120 {
                    if step == 50 { scene.redis.kill() }
                    if step == 80 { try await scene.redis.start() }
                    try await book.change()
                    for node in 0...1 { try await book.compare(on: node) }
                }
            }
            for kind in ["message", "reply", "edit", "deletion", "restoration", "reaction"] {
                #expect(book.changes[kind, default: 0] > 0, "\(kind)")
            }
            // What it was good for: each read is counted once, however often the stores had to be asked.
            var (hits, all) = (0, 0)
            for client in pair.clients {
                let counts = try await client.send(.get, "//cache/stats").object.object("messages")
                let numbers = ["hits", "misses", "bypassed"].map { Int(counts.integer($0) ?? 0) }
                hits += numbers[0]
                all += numbers.reduce(0, +)
            }
            #expect(all == book.reads && hits > 0)
            try await scene.expectConsistency()
        }
    }

    @Test
    func `what is hot is refused to who was removed, hides what is hidden, and shows new names`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            let (ada, ben) = (pair.ada, pair.ben)
            let ids = try await Self.execute(
                scene,
                """
                WITH made AS (
                    INSERT INTO users (username, email)
                    SELECT 'extra-' || n, 'extra' || n || '@example.org' FROM generate_series(1, 30) n RETURNING id)
                SELECT string_agg(id::text, ',') FROM made
                """
            )
            let body = #"{"type":"group","name":"big","participant_ids":[\#(ben.id),\#(ids)]}"#
            let made = try await pair.clients[0].send(.post, "/chats", body, token: ada.token)
            let chat = try #require(made.object.integer("chat_id"))
            for text in ["one", "two", "three"] {
                let fields = #"{"content":"\#(text)"}"#
                let sent = try await pair.clients[0].send(.post, "/chats/\(chat)/messages", fields, token: ada.token)
                #expect(sent.status == 201)
            }
            let paths = ["/chats/\(chat)/messages", "/chats/\(chat)/participants", "/chats/\(chat)"]
            func read(_ path: String, _ user: TestUser) async throws -> [TestAnswer] {
                var answers: [TestAnswer] = []
                for client in pair.clients { answers.append(try await client.send(.get, path, token: user.token)) }
                return answers
            }
            for path in paths {
                try await eventually("\(path) is hot") {
                    let answers = try await read(path, ada) + read(path, ben)
                    #expect(answers.allSatisfy { $0.status == 200 })
                    return try await Self.hits(pair.clients) >= paths.count
                }
            }
            let hiding = try await pair.clients[0].send(.put, "/messages/\(chat)-3/hidden", token: ben.token)
            #expect(hiding.status == 204)
            for answer in try await read(paths[0], ben) { #expect(answer.items.count == 2) }
            for answer in try await read(paths[0], ada) { #expect(answer.items.count == 3) }
            for answer in try await read(paths[2], ben) {
                #expect(answer.object.object("last_message").string("content") == "two")
            }
            for answer in try await read(paths[2], ada) {
                #expect(answer.object.object("last_message").string("content") == "three")
            }

            let extra = try #require(ids.split(separator: ",").first.flatMap { Int64($0) })
            let renaming: PostgresQuery = "UPDATE users SET username = 'renamed' WHERE id = \(extra) RETURNING username"
            let renamed = try await Self.execute(scene, renaming)
            #expect(renamed == "renamed")
            for answer in try await read(paths[1], ben) {
                #expect(answer.items.contains { $0.string("username") == "renamed" })
            }

            let reading: PostgresQuery = "SELECT silent_changes::text FROM meta"
            let before = try await Self.execute(scene, reading)
            let all: PostgresQuery = """
                WITH renamed AS (UPDATE users SET username = username || 'x' WHERE username LIKE 'extra-%' RETURNING id)
                SELECT count(*)::text FROM renamed
                """
            let count = try await Self.execute(scene, all)
            let after = try await Self.execute(scene, reading)
            let expected = Int(before).map { $0 + 1 }
            #expect(count == "29" && Int(after) == expected, "many names are one change")

            let removal = try await pair.clients[1].send(
                .delete,
                "/chats/\(chat)/participants/\(ben.id)",
                token: ada.token
            )
            #expect(removal.status == 204)
            for path in paths {
                for answer in try await read(path, ben) { #expect(answer.status == 404, "\(path)") }
            }
            for answer in try await read(paths[1], ada) {
                #expect(!answer.items.contains { $0.integer("user_id") == ben.id })
            }
        }
    }

    private static func hits(_ clients: [TestClient]) async throws -> Int {
        var sum = 0
        for client in clients {
            let kinds = try await client.send(.get, "//cache/stats").object
            sum += kinds.members.reduce(0) { $0 + Int(kinds.object($1.name).integer("hits") ?? 0) }
        }
        return sum
    }

    /// The one text that a statement returns that changes something.
    private static func execute(_ scene: ServerScene, _ query: PostgresQuery) async throws -> String {
        try await withPostgres(url: scene.stores.postgresURL) { client, _ in
            try await client.execute(query).first?.decode(0, as: String.self) ?? ""
        }
    }
}

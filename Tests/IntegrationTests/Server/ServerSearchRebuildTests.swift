import JSON
import Postgres
import Support
import Testing
import Web

/// `duologue search rebuild`, of an index that was lost and of one that does not fit the messages.
@Suite(.realTime) struct ServerSearchRebuildTests {
    /// What a restore of all but the index leaves: documents and progress of events that are not there.
    private static let ahead = """
        UPDATE search_documents SET rev = rev + 1000;
        INSERT INTO search_documents SELECT chat_id, seq + 100, rev, created_at, terms FROM search_documents;
        INSERT INTO search_documents SELECT chat_id + 100, seq, rev, created_at, terms FROM search_documents;
        UPDATE search_progress SET indexed_offset = indexed_offset + 1000;
        INSERT INTO search_progress SELECT chat_id + 100, indexed_offset FROM search_progress;
        """

    @Test(arguments: ["TRUNCATE search_documents, search_progress", Self.ahead])
    func `after a rebuild searches find what is there, and later what is said then`(_ damage: String) async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let chat = try await client.makeGroup(by: ada)
            let search = Searching(scene: scene, servers: [server])
            func send(_ text: String) async throws {
                let fields = #"{"content":"\#(text)"}"#
                #expect(try await search.call(.post, "/chats/\(chat)/messages", fields, as: ada).status == 201)
            }
            for number in 1...5 { try await send("word number \(number)") }
            let edit = #"{"content":"word of another kind"}"#
            #expect(try await search.call(.put, "/messages/\(chat)-2", edit, as: ada).status == 200)
            #expect(try await search.call(.delete, "/messages/\(chat)-3", as: ada).status == 200)
            try await search.find("word", as: ada, on: 0, are: [1, 2, 4, 5])
            // Workers would mend some of it by themselves.
            server.kill()
            try await Self.run(damage, on: scene.stores.postgresURL)
            let rebuild = try await server.run(["search", "rebuild"], within: .seconds(60))
            #expect(rebuild.status == 0 && rebuild.output.contains("the rebuild is done"))
            #expect(try await scene.number(Self.documents) == "1-2 2-7 4-5 5-6")
            #expect(try await scene.number(Self.progressAhead) == "0")
            try await server.restart()
            #expect(try await search.found("word", as: ada) == [1, 2, 4, 5])
            #expect(try await search.found("kind", as: ada) == [2])
            try await send("word number 6")
            try await search.find("word", as: ada, on: 0, are: [1, 2, 4, 5, 6])
        }
    }

    private static let documents: PostgresQuery =
        "SELECT string_agg(seq || '-' || rev, ' ' ORDER BY chat_id, seq) FROM search_documents"

    private static let progressAhead: PostgresQuery = """
        SELECT count(*)::text FROM search_progress s LEFT JOIN chats c ON c.id = s.chat_id
        WHERE indexed_offset > coalesce(last_offset, 0)
        """

    private static func run(_ script: String, on url: String) async throws {
        try await withPostgres(url: url) { client, _ in
            try await client.withSession { try await $0.run(script: script) }
        }
    }
}

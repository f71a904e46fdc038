import JSON
import Postgres
import Support
import Testing
import Web

/// Searching, from sending to finding, on real servers.
@Suite(.realTime) struct ServerSearchTests {
    @Test func `what one node is sent, both find; what is taken away is gone at once`() async throws {
        try await ServerScene.run { scene in
            let pair = try await NodePair(scene)
            let eve = try await pair.clients[0].makeUser("eve")
            let search = Searching(scene: scene, servers: pair.servers)
            let chat = pair.chat
            for text in ["The first Café", "second café 日本語", "third cafés https://example.org"] {
                let answer = try await search.call(
                    .post,
                    "/chats/\(chat)/messages",
                    #"{"content":"\#(text)"}"#,
                    as: pair.ada
                )
                #expect(answer.status == 201)
            }
            try await search.find("CAFÉ", as: pair.ben, on: 1, are: [1, 2, 3])
            try await search.find("cafe", as: pair.ada, on: 0, are: [1, 2, 3])
            #expect(try await search.found("cafe", as: eve) == [])
            #expect(try await search.found("\"the first\"", as: pair.ben) == [1])
            #expect(try await search.found("本語", as: pair.ben) == [2])
            #expect(try await search.found("has:link", as: pair.ben) == [3])
            #expect(try await search.found("from:\(pair.ada.username) first", as: pair.ben) == [1])
            #expect(try await search.found("from:me", as: pair.ben) == [])

            var (paged, cursor): ([Int64?], String?) = ([], nil)
            repeat {
                let path = "/search/messages?q=cafe&limit=2\(cursor.map { "&cursor=\($0)" } ?? "")"
                let page = try await search.call(.get, path, as: pair.ben)
                paged += page.items.map { $0.integer("seq") }
                cursor = page.object.string("next")
            } while cursor != nil
            #expect(paged.compactMap(\.self).sorted() == [1, 2, 3] && paged.count == 3)

            // Each of these is gone with the answer, on either node.
            let edit = try await search.call(.put, "/messages/\(chat)-1", #"{"content":"changed"}"#, as: pair.ada)
            #expect(edit.status == 200)
            #expect(try await search.found("cafe", as: pair.ben) == [2, 3])
            #expect(try await search.call(.delete, "/messages/\(chat)-2", as: pair.ada).status == 200)
            #expect(try await search.found("cafe", as: pair.ben) == [3])
            #expect(try await search.call(.put, "/messages/\(chat)-3/hidden", as: pair.ben).status == 204)
            #expect(try await search.found("cafe", as: pair.ben) == [])
            #expect(try await search.found("cafe", as: pair.ada) == [3])
            try await search.find("changed", as: pair.ben, on: 1, are: [1])
            #expect(try await search.call(.post, "/messages/\(chat)-2/restore", as: pair.ada).status == 200)
            try await search.find("cafe", as: pair.ben, on: 1, are: [2])

            let path = "/chats/\(chat)/participants/\(pair.ben.id)"
            #expect(try await search.call(.delete, path, as: pair.ada).status == 204)
            #expect(try await search.found("changed", as: pair.ben) == [])
            #expect(try await search.call(.get, "/search/messages?q=in:\(chat)", as: pair.ben).status == 404)
        }
    }

    @Test func `a rebuild brings back what was lost, while the server serves`() async throws {
        try await ServerScene.run { scene in
            let server = try await scene.startServer()
            let client = scene.client(of: server)
            let ada = try await client.makeUser("ada")
            let chat = try await client.makeGroup(by: ada)
            let search = Searching(scene: scene, servers: [server])
            for number in 1...5 {
                let fields = #"{"content":"word number \#(number)"}"#
                #expect(try await search.call(.post, "/chats/\(chat)/messages", fields, as: ada).status == 201)
            }
            try await search.find("word", as: ada, on: 0, are: [1, 2, 3, 4, 5])
            _ = try await scene.number(
                "WITH gone AS (DELETE FROM search_documents RETURNING 1) SELECT count(*)::text FROM gone"
            )
            #expect(try await search.found("word", as: ada) == [])
            let rebuild = try await server.run(["search", "rebuild"], within: .seconds(60))
            #expect(rebuild.status == 0 && rebuild.output.contains("5 messages indexed; the rebuild is done"))
            #expect(try await search.found("word", as: ada) == [1, 2, 3, 4, 5])
            #expect(try await server.run(["search"], within: .seconds(60)).status == 2)
        }
    }
}

import IOCore
import JSON
import Postgres
import Support
import Testing
import Web

/// What members keep of a chat alone, threads, mentions and forwarding, on a real server.
@Suite(.realTime) struct ServerPersonalTests {
    @Test func `a draft reaches its author's other devices, nobody else, and goes with its member`() async throws {
        try await ChangeScene.run { scene in
            let path = "/chats/\(scene.chat)/draft"
            let second = try await TestSocket.ready(scene.client, as: scene.ben)
            let put = try await scene.call(.put, path, #"{"content":"so"}"#, as: scene.ben)
            #expect(put.status == 200)
            for socket in [scene.benSocket, second] {
                let frame = try await socket.frame("draft.updated")
                #expect(frame.integer("chat_id") == scene.chat && frame.object("draft") == put.object)
            }
            #expect(try await scene.call(.get, path, as: scene.ben).text == put.text)
            #expect(try await scene.call(.get, path, as: scene.ada).code == "not_found")
            #expect(try await scene.call(.delete, path, as: scene.ben).status == 204)
            #expect(try await second.frame("draft.updated")["draft"] == .null)
            _ = try await scene.call(.put, path, #"{"content":"again"}"#, as: scene.ben)
            let member = "/chats/\(scene.chat)/participants/\(scene.ben.id)"
            #expect(try await scene.call(.delete, member, as: scene.ada).status == 204)
            #expect(try await scene.call(.get, path, as: scene.ben).code == "chat_not_found")
            let back = #"{"user_id":\#(scene.ben.id)}"#
            #expect(try await scene.call(.post, "/chats/\(scene.chat)/participants", back, as: scene.ada).status == 201)
            #expect(try await scene.call(.get, path, as: scene.ben).code == "not_found")
            // It comes after all drafts, and by the same way.
            _ = try await scene.adaSocket.frame("participant.added")
            #expect(scene.adaSocket.count("draft.updated") == 0)
        }
    }

    @Test func `what is hidden and saved is each one's own`() async throws {
        try await ChangeScene.run { scene in
            var ids: [String] = []
            for text in ["1", "2", "3"] { ids.append(try await scene.send(text, as: scene.ada)) }
            for id in ids.dropFirst() {
                #expect(try await scene.call(.put, "/messages/\(id)/saved", as: scene.ben).status == 204)
            }
            #expect(try await scene.call(.put, "/messages/\(ids[1])/hidden", as: scene.ben).status == 204)
            let history = try await scene.call(.get, "/chats/\(scene.chat)/messages", as: scene.ben)
            #expect(history.items.map { $0.string("content") } == ["1", "3"])
            #expect(try await scene.call(.get, "/messages/\(ids[1])", as: scene.ben).code == "message_not_found")
            let others = try await scene.call(.get, "/chats/\(scene.chat)/messages", as: scene.ada)
            #expect(others.items.count == 3)
            let events = try await scene.call(.get, "/chats/\(scene.chat)/events?after=1", as: scene.ben)
            #expect(events.items.compactMap { $0.object("message").string("content") } == ["1", "2", "3"])
            let saved = try await scene.call(.get, "/users/me/saved", as: scene.ben)
            #expect(saved.items.map { $0.string("message_id") } == [ids[2]])
            #expect(try await scene.call(.delete, "/messages/\(ids[1])/hidden", as: scene.ben).status == 204)
            let all = try await scene.call(.get, "/users/me/saved?limit=1", as: scene.ben)
            let rest = try await scene.call(
                .get,
                "/users/me/saved?cursor=\(all.object.string("next") ?? "")",
                as: scene.ben
            )
            #expect((all.items + rest.items).map { $0.string("message_id") } == [ids[2], ids[1]])
        }
    }

    @Test func `threads are read apart from their chat, and messages go on to other chats`() async throws {
        try await ChangeScene.run { scene in
            let root = try await scene.send("root", as: scene.ada)
            for _ in 1...2 { _ = try await scene.send("reply", as: scene.ada, thread: root) }
            let threads = "/chats/\(scene.chat)/threads"
            let before = try await scene.call(.get, threads, as: scene.ben)
            #expect(before.items.map { $0.integer("unread") } == [2])
            let read = try await scene.call(.post, "/messages/\(root)/thread/read", #"{"seq":2}"#, as: scene.ben)
            #expect(read.object.integer("read_seq") == 2 && read.object.integer("unread") == 1)
            let after = try await scene.call(.get, threads, as: scene.ben)
            #expect(after.items.map { $0.integer("unread") } == [1])
            let other = try await scene.scene.client(of: scene.server).makeGroup(by: scene.ben)
            let targets = #"{"chat_ids":[\#(other),\#(scene.chat)]}"#
            for status in [201, 200] {
                let sent = try await scene.call(
                    .post,
                    "/messages/\(root)/forward",
                    targets,
                    as: scene.ben,
                    key: "on"
                )
                #expect(sent.status == status)
                #expect(sent.items.map { $0.string("message_id") } == ["\(other)-1", "\(scene.chat)-4"])
            }
            let frame = try await scene.adaSocket.frame("the forwarded message") { frame in
                frame.string("type") == "message.new" && frame.object("message").integer("seq") == 4
            }
            #expect(frame.object("message").string("content") == "root")
        }
    }

    @Test func `mentions are counted by the commit, from REST and sockets alike`() async throws {
        try await ChangeScene.run { scene in
            let (ada, ben, chat) = (scene.ada, scene.ben, scene.chat)
            let mention = #"[{"kind":"user","user_id":\#(ben.id)},{"kind":"user","user_id":4711}]"#
            let fields = #"{"content":"you","mentions":\#(mention)}"#
            #expect(try await scene.call(.post, "/chats/\(chat)/messages", fields, as: ada).status == 201)
            scene.adaSocket.send(
                #"{"type":"message","id":"m","chat_id":\#(chat),"content":"all","mentions":[{"kind":"all"}]}"#
            )
            _ = try await scene.adaSocket.frame("ack")
            scene.adaSocket.send(
                #"{"type":"message","id":"n","chat_id":\#(chat),"content":"x","attachments":[{"media_id":""}]}"#
            )
            #expect(try await scene.adaSocket.frame("error").string("id") == "n")
            let rows = try await scene.scene.number(
                """
                SELECT concat_ws('; ', (SELECT string_agg(concat_ws(' ', user_id, seq), ',') FROM message_mentions),
                    (SELECT string_agg(seq::text, ',') FROM message_metadata WHERE mentions_everyone))
                """
            )
            #expect(rows == "\(ben.id) 1; 2")
        }
    }
}

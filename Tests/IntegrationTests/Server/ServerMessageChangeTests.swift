import IOCore
import JSON
import Support
import Testing
import Web

/// What happens to messages after they are sent, over REST and sockets, as two people see it.
@Suite(.realTime) struct ServerMessageChangeTests {
    @Test
    func `an edit, a deletion and a restoration reach both people and every read`() async throws {
        try await ChangeScene.run { scene in
            let (ada, ben, chat) = (scene.ada, scene.ben, scene.chat)
            let id = try await scene.send("one", as: ada)
            let edited = try await scene.call(.put, "/messages/\(id)", #"{"content":"two"}"#, as: ada)
            #expect(edited.status == 200)
            #expect(edited.object.string("content") == "two")
            #expect(edited.object.integer("rev") == 3 && edited.object.integer("offset") == 2)
            #expect(edited.object.string("edited_at") != nil)
            scene.adaSocket.send(#"{"type":"edit","id":"e","message_id":"\#(id)","content":"three"}"#)
            let ack = try await scene.adaSocket.frame("ack")
            #expect(ack == ChangeScene.ack("e", id, chat, 4))
            let deleted = try await scene.call(.delete, "/messages/\(id)", as: ada)
            #expect(deleted.status == 200 && deleted.object.bool("deleted") == true)
            #expect(deleted.object["content"] == .null)
            let hidden = try await scene.call(.get, "/messages/\(id)/revisions", as: ben)
            #expect(hidden.status == 404 && hidden.code == "message_not_found")
            #expect(try await scene.call(.delete, "/messages/\(id)", as: ada).status == 200)
            let restored = try await scene.call(.post, "/messages/\(id)/restore", as: ada)
            #expect(restored.status == 200 && restored.object.string("content") == "three")
            #expect(try await scene.call(.post, "/messages/\(id)/restore", as: ada).status == 200)
            for socket in [scene.adaSocket, scene.benSocket] {
                let events = try await scene.events(5, on: socket)
                let types = ["message.new", "message.updated", "message.updated", "message.deleted", "message.updated"]
                #expect(events.map { $0.string("type") } == types)
                #expect(events.map { $0.integer("offset") } == [2, 3, 4, 5, 6])
                #expect(events[1].object("message").string("content") == "two")
                #expect(events[3].string("message_id") == id && events[3].integer("seq") == 1)
                #expect(events[4].object("message").string("content") == "three")
            }
            let read = try await scene.call(.get, "/messages/\(id)", as: ben)
            #expect(read.object.string("content") == "three" && read.object.integer("rev") == 6)
            let revisions = try await scene.call(.get, "/messages/\(id)/revisions", as: ben)
            #expect(revisions.items.map { $0.string("content") } == ["one", "two"])
            #expect(revisions.items.map { $0.integer("rev") } == [2, 3])
            #expect(revisions.items.allSatisfy { $0.integer("edited_by") == ada.id })
            let short = try await scene.call(.get, "/messages/\(id)/revisions?limit=1", as: ben)
            let rest = try await scene.call(
                .get,
                "/messages/\(id)/revisions?cursor=\(short.object.string("next") ?? "")",
                as: ben
            )
            #expect(rest.items.map { $0.integer("rev") } == [3])
        }
    }

    @Test
    func `two people's reactions both count, and each is taken back alone`() async throws {
        try await ChangeScene.run { scene in
            let id = try await scene.send("one", as: scene.ada)
            let path = "/messages/\(id)/reactions/%F0%9F%91%8D"
            for socket in [scene.adaSocket, scene.benSocket] {
                socket.send(#"{"type":"react","id":"r","message_id":"\#(id)","emoji":"👍"}"#)
            }
            let ack = try await scene.benSocket.frame("ack")
            _ = try await scene.adaSocket.frame("ack")
            let offset = try #require(ack.integer("offset"))
            #expect([3, 4].contains(offset) && ack == ChangeScene.ack("r", id, scene.chat, offset))
            let alias = try await scene.call(.post, "/messages/\(id)/react", #"{"emoji":"❤️"}"#, as: scene.ben)
            #expect(alias.status == 200)
            let reactions = alias.object.objects("reactions")
            #expect(reactions.map { $0.string("emoji") } == ["👍", "❤️"])
            #expect(reactions.map { $0.integer("count") } == [2, 1])
            // What is on already makes no event.
            #expect(try await scene.call(.put, path, as: scene.ada).status == 200)
            #expect(try await scene.call(.delete, path, as: scene.ada).status == 200)
            #expect(try await scene.call(.delete, path, as: scene.ada).status == 200)
            let events = try await scene.events(5, on: scene.adaSocket)
            #expect(events.map { $0.integer("offset") } == [2, 3, 4, 5, 6])
            #expect(
                events.dropFirst().map { $0.string("type") }
                    == ["reaction.added", "reaction.added", "reaction.added", "reaction.removed"]
            )
            #expect(Set(events[1...2].compactMap { $0.integer("user_id") }) == [scene.ada.id, scene.ben.id])
            #expect(events[4].string("emoji") == "👍" && events[4].integer("user_id") == scene.ada.id)
            #expect(events[4].string("message_id") == id)
            let list = try await scene.call(.get, "/messages/\(id)/reactions", as: scene.ada)
            #expect(list.items.map { $0.string("emoji") } == ["👍", "❤️"])
            #expect(list.items.map { $0.integer("count") } == [1, 1])
            #expect(list.items.first?["user_ids"] == .array([.integer(scene.ben.id)]))
            scene.benSocket.send(#"{"type":"react","id":"o","message_id":"\#(id)","emoji":"👍","remove":true}"#)
            #expect(try await scene.benSocket.frame("ack") == ChangeScene.ack("o", id, scene.chat, 7))
        }
    }

    @Test
    func `pins are listed, and gone with their message`() async throws {
        try await ChangeScene.run { scene in
            let (one, two) = (try await scene.send("one", as: scene.ada), try await scene.send("two", as: scene.ben))
            for id in [one, two, one] {
                #expect(try await scene.call(.put, "/messages/\(id)/pin", as: scene.ben).status == 200)
            }
            let pins = try await scene.call(.get, "/chats/\(scene.chat)/pins", as: scene.ada)
            #expect(pins.items.map { $0.string("message_id") } == [two, one])
            #expect(pins.items.map { $0.integer("pinned_by") } == [scene.ben.id, scene.ben.id])
            #expect(pins.items.map { $0.object("message").string("content") } == ["two", "one"])
            let page = try await scene.call(.get, "/chats/\(scene.chat)/pins?limit=1", as: scene.ada)
            let next = try #require(page.object.string("next"))
            let rest = try await scene.call(.get, "/chats/\(scene.chat)/pins?cursor=\(next)", as: scene.ada)
            #expect(rest.items.map { $0.string("message_id") } == [one] && rest.object["next"] == .null)
            #expect(try await scene.call(.delete, "/messages/\(one)/pin", as: scene.ada).status == 200)
            #expect(try await scene.call(.delete, "/messages/\(two)", as: scene.ben).status == 200)
            #expect(try await scene.call(.get, "/chats/\(scene.chat)/pins", as: scene.ada).items.isEmpty)
            let events = try await scene.events(6, on: scene.adaSocket)
            #expect(
                events.map { $0.string("type") } == [
                    "message.new", "message.new", "pin.added", "pin.added", "pin.removed", "message.deleted",
                ]
            )
            #expect(events[2].string("message_id") == one && events[2].integer("offset") == 4)
        }
    }

    @Test
    func `a thread counts its replies and lists them in pages`() async throws {
        try await ChangeScene.run { scene in
            let root = try await scene.send("root", as: scene.ada)
            var replies: [String] = []
            for number in 1...3 {
                _ = try await scene.send("between \(number)", as: scene.ada)
                replies.append(try await scene.send("reply \(number)", as: scene.ben, thread: root))
            }
            let message = try await scene.call(.get, "/messages/\(root)", as: scene.ada)
            #expect(message.object.object("thread").integer("reply_count") == 3)
            #expect(message.object.object("thread").integer("last_reply_seq") == 7)
            let newest = try await scene.call(.get, "/messages/\(root)/thread?limit=2", as: scene.ada)
            #expect(newest.items.map { $0.string("message_id") } == Array(replies[1...]))
            let older = try await scene.call(
                .get,
                "/messages/\(root)/thread?cursor=\(newest.object.string("next") ?? "")",
                as: scene.ada
            )
            #expect(older.items.map { $0.string("message_id") } == [replies[0]] && older.object["next"] == .null)
            let after = try await scene.call(.get, "/messages/\(root)/thread?after=0&limit=1", as: scene.ada)
            #expect(after.items.map { $0.string("message_id") } == [replies[0]])
            #expect(after.object.string("next") == "a3")
            #expect(try await scene.call(.get, "/messages/\(root)/thread?around=3", as: scene.ada).status == 400)
            _ = try await scene.call(.delete, "/messages/\(replies[2])", as: scene.ben)
            let shorter = try await scene.call(.get, "/messages/\(root)", as: scene.ada).object.object("thread")
            #expect(shorter.integer("reply_count") == 2 && shorter.integer("last_reply_seq") == 5)
            let inside = #"{"content":"x","thread_root":"\#(replies[0])"}"#
            let nested = try await scene.call(.post, "/chats/\(scene.chat)/messages", inside, as: scene.ada)
            #expect(nested.status == 404 && nested.code == "message_not_found")
        }
    }

    @Test
    func `of edits at once all become events, and the highest offset stands`() async throws {
        try await ChangeScene.run { scene in
            let id = try await scene.send("0", as: scene.ada)
            let second = try await TestSocket.ready(scene.client, as: scene.ada)
            for number in 1...10 {
                for (name, socket) in [("a", scene.adaSocket), ("b", second)] {
                    let text = "\(name)\(number)"
                    socket.send(#"{"type":"edit","id":"\#(text)","message_id":"\#(id)","content":"\#(text)"}"#)
                }
            }
            for (name, socket) in [("a", scene.adaSocket), ("b", second)] {
                try await socket.wait(for: "acks") { socket.count("ack") + socket.count("error") >= 10 }
                let acks = socket.takeAll("ack")
                // One socket's commands take effect in the order they came.
                #expect(acks.map { $0.string("id") } == (1...10).map { "\(name)\($0)" })
                #expect(acks.compactMap { $0.integer("offset") }.sorted() == acks.compactMap { $0.integer("offset") })
            }
            let events = try await scene.events(21, on: scene.benSocket)
            #expect(events.map { $0.integer("offset") } == (2...22).map(Int64.init))
            let last = try #require(events.last?.object("message").string("content"))
            let read = try await scene.call(.get, "/messages/\(id)", as: scene.ben)
            #expect(read.object.string("content") == last && read.object.integer("rev") == 22)
            let revisions = try await scene.call(.get, "/messages/\(id)/revisions?limit=100", as: scene.ben)
            let said = events.dropLast().map { $0.object("message").string("content") }
            #expect(revisions.items.map { $0.string("content") } == said)
        }
    }

    @Test
    func `a socket's commands to one chat keep their order behind an edit`() async throws {
        try await ChangeScene.run { scene in
            let id = try await scene.send("0", as: scene.ada)
            let other = try await scene.send("1", as: scene.ada)
            scene.adaSocket.send(#"{"type":"edit","id":"1","message_id":"\#(id)","content":"x"}"#)
            scene.adaSocket.sendMessage("after", to: scene.chat, id: "2")
            scene.adaSocket.send(#"{"type":"react","id":"3","message_id":"\#(id)","emoji":"👍"}"#)
            scene.adaSocket.send(#"{"type":"delete","id":"4","message_id":"\#(other)"}"#)
            scene.adaSocket.sendMessage("last", to: scene.chat, id: "5")
            try await scene.adaSocket.wait(for: "acks") { scene.adaSocket.count("ack") >= 5 }
            // Acks may overtake each other; what they tell may not.
            let acks = scene.adaSocket.takeAll("ack").sorted { $0.string("id") ?? "" < $1.string("id") ?? "" }
            #expect(acks.map { $0.string("id") } == ["1", "2", "3", "4", "5"])
            #expect(acks.map { $0.integer("offset") } == [4, 5, 6, 7, 8])
        }
    }
}

import JSON
import Support
import Testing
import Web

/// Who is in a chat and what it is called, changed through the executable.
@Suite(.realTime) struct ServerMemberTests {
    @Test
    func `somebody taken in hears the chat from that event on, and nothing after being removed`() async throws {
        try await ChangeScene.run { scene in
            let cyd = try await scene.client.makeUser("cyd")
            let socket = try await TestSocket.ready(scene.client, as: cyd)
            _ = try await scene.send("before", as: scene.ada)
            let path = "/chats/\(scene.chat)/participants"
            for round in 0..<2 {
                let base = Int64(round * 3 + 2)
                let added = try await scene.call(.post, path, #"{"user_id":\#(cyd.id)}"#, as: scene.ada)
                #expect(added.status == 201)
                #expect(added.object.integer("user_id") == cyd.id && added.object.string("role") == "member")
                #expect(added.object.string("username") == cyd.username && added.object.string("joined_at") != nil)
                let again = try await scene.call(.post, path, #"{"user_id":\#(cyd.id)}"#, as: scene.ada)
                #expect(again.status == 200 && again.object == added.object)
                _ = try await scene.send("round \(round)", as: scene.ben)
                let removed = try await scene.call(.delete, "\(path)/\(cyd.id)", as: scene.ada)
                #expect(removed.status == 204)
                let events = try await scene.events(3, on: socket)
                #expect(
                    events.map { $0.string("type") } == ["participant.added", "message.new", "participant.removed"]
                )
                #expect(events.map { $0.integer("offset") } == [base + 1, base + 2, base + 3])
                #expect(events[0].object("participant") == added.object)
                let chat = events[0].object("chat")
                #expect(chat.integer("chat_id") == scene.chat && chat.integer("participant_count") == 3)
                #expect(chat.integer("last_offset") == base + 1 && chat["my"] == nil)
                #expect(events[2].integer("user_id") == cyd.id)
                for type in ["participant.added", "message.new", "participant.removed"] { _ = socket.takeAll(type) }
                let stranger = try await scene.call(.get, "/chats/\(scene.chat)", as: cyd)
                #expect(stranger.status == 404 && stranger.code == "chat_not_found")
            }
            _ = try await scene.send("after", as: scene.ada)
            _ = try await scene.events(8, on: scene.benSocket)
            #expect(socket.count("message.new") == 0)
        }
    }

    @Test
    func `several are taken in at once, each with an event of its own, and again with none`() async throws {
        try await ChangeScene.run { scene in
            let others = [try await scene.client.makeUser("cyd"), try await scene.client.makeUser("dee")]
            let path = "/chats/\(scene.chat)/participants"
            let body = #"{"user_ids":[\#(others[0].id),\#(others[1].id)],"role":"admin"}"#
            let added = try await scene.call(.post, path, body, as: scene.ada, key: "both")
            #expect(added.status == 201)
            #expect(added.items.map { $0.integer("user_id") } == others.map(\.id))
            #expect(added.items.allSatisfy { $0.string("role") == "admin" })
            let again = try await scene.call(.post, path, body, as: scene.ada, key: "both")
            #expect(again.status == 200 && again.items == added.items)
            let events = try await scene.events(2, on: scene.benSocket)
            #expect(events.map { $0.string("type") } == ["participant.added", "participant.added"])
            let shorter = #"{"user_ids":[\#(others[0].id)],"role":"admin"}"#
            let other = try await scene.call(.post, path, shorter, as: scene.ada, key: "both")
            #expect(other.status == 422 && other.code == "idempotency_mismatch")
            let missing = #"{"user_ids":[\#(others[0].id),999999]}"#
            let refused = try await scene.call(.post, path, missing, as: scene.ada)
            #expect(refused.status == 404 && refused.code == "user_not_found")
        }
    }

    @Test
    func `roles change within what owners and admins may`() async throws {
        try await ChangeScene.run { scene in
            let cyd = try await scene.client.makeUser("cyd")
            let path = "/chats/\(scene.chat)/participants"
            _ = try await scene.call(.post, path, #"{"user_id":\#(cyd.id)}"#, as: scene.ada)
            func change(_ user: TestUser, _ role: String, as actor: TestUser) async throws -> (Int, String?) {
                let body = #"{"role":"\#(role)"}"#
                let answer = try await scene.call(.patch, "\(path)/\(user.id)", body, as: actor)
                return (answer.status, answer.code ?? answer.object.string("role"))
            }
            #expect(try await change(scene.ben, "admin", as: cyd) == (403, "forbidden"))
            #expect(try await change(scene.ben, "admin", as: scene.ada) == (200, "admin"))
            #expect(try await change(scene.ben, "admin", as: scene.ada) == (200, "admin"))
            #expect(try await change(cyd, "admin", as: scene.ben) == (200, "admin"))
            #expect(try await change(cyd, "owner", as: scene.ben) == (403, "forbidden"))
            #expect(try await change(scene.ada, "member", as: scene.ben) == (403, "forbidden"))
            #expect(try await change(scene.ada, "member", as: scene.ada) == (409, "last_owner"))
            #expect(try await change(cyd, "owner", as: scene.ada) == (200, "owner"))
            #expect(try await change(scene.ada, "member", as: scene.ada) == (200, "member"))
            #expect(try await change(cyd, "king", as: cyd) == (400, "invalid_value"))
            let events = try await scene.events(5, on: scene.benSocket)
            #expect(events.map { $0.integer("offset") } == [2, 3, 4, 5, 6])
            #expect(events.dropFirst().allSatisfy { $0.string("type") == "participant.updated" })
            #expect(events[1].object("participant").integer("user_id") == scene.ben.id)
            #expect(events[1].object("participant").string("role") == "admin" && events[1]["chat"] == nil)
        }
    }

    @Test
    func `a chat is renamed, described, cleared and opened`() async throws {
        try await ChangeScene.run { scene in
            let path = "/chats/\(scene.chat)"
            let body = #"{"name":"New","description":"d","avatar_url":"https://example.org/a.png"}"#
            let changed = try await scene.call(.patch, path, body, as: scene.ada)
            #expect(changed.status == 200)
            #expect(changed.object.string("name") == "New" && changed.object.string("description") == "d")
            #expect(changed.object.object("my").string("role") == "owner")
            let cleared = try await scene.call(
                .patch,
                path,
                #"{"description":null,"visibility":"public"}"#,
                as: scene.ada
            )
            #expect(cleared.object["description"] == .null && cleared.object.string("name") == "New")
            #expect(cleared.object.string("visibility") == "public")
            #expect(try await scene.call(.patch, path, #"{"name":"New"}"#, as: scene.ada).status == 200)
            let events = try await scene.events(2, on: scene.benSocket)
            #expect(events.map { $0.string("type") } == ["chat.updated", "chat.updated"])
            #expect(events[0].object("chat").string("avatar_url") == "https://example.org/a.png")
            #expect(events[1].object("chat")["description"] == .null)
            #expect(events[1].object("chat").integer("last_offset") == 3)
            let log = try await scene.call(.get, "/chats/\(scene.chat)/events?after=1", as: scene.ben)
            #expect(log.items == events)
            let all = try await scene.call(.get, "/chats/\(scene.chat)/events?limit=2", as: scene.ben)
            #expect(all.items.map { $0.string("type") } == ["chat.created", "chat.updated"])
            #expect(all.object.string("next") == "2")
            let rest = try await scene.call(.get, "/chats/\(scene.chat)/events?cursor=2", as: scene.ben)
            #expect(rest.items == [events[1]] && rest.object["next"] == .null)
        }
    }
}

import JSON
import Support
import Testing
import Web

/// Changes that are refused, and changes that are asked for twice.
@Suite(.realTime) struct ServerChangeRefusalTests {
    /// A request and the answer it must get.
    private typealias Case = (method: HTTPMethod, path: String, body: String?, status: Int, code: String)

    @Test
    func `every way to a foreign chat answers as if there were none`() async throws {
        try await ChangeScene.run { scene in
            let eve = try await scene.client.makeUser("eve")
            let id = try await scene.send("secret", as: scene.ada)
            let before = try await scene.scene.contents()
            for chat in [scene.chat, 999_999] {
                for item in Self.everyRoute(chat, "\(chat)-\(id.hasPrefix("\(chat)-") ? "1" : "7")", scene.ben.id) {
                    let answer = try await scene.call(item.method, item.path, item.body, as: eve)
                    #expect(
                        answer.status == 404 && answer.code == "chat_not_found",
                        "\(item.method.name) \(item.path): \(answer.status) \(answer.object)"
                    )
                    #expect(answer.object.string("detail") == "There is no such chat for you.")
                }
            }
            let socket = try await TestSocket.ready(scene.client, as: eve)
            for command in Self.commands(id) {
                socket.send(command)
                #expect(try await socket.frame("error").string("code") == "chat_not_found", "\(command)")
            }
            #expect(try await scene.scene.contents() == before)
        }
    }

    @Test
    func `one emoji too many on a message is refused as such, by request and by socket, and writes nothing`()
        async throws
    {
        try await ChangeScene.run { scene in
            let message = try await scene.send("popular", as: scene.ada)
            func react(_ number: Int, as user: TestUser) async throws -> TestAnswer {
                let body = #"{"emoji":"\#(NumberedEmoji.text(number))"}"#
                return try await scene.client.send(.post, "/messages/\(message)/react", body, token: user.token)
            }
            for number in 0..<100 { #expect(try await react(number, as: scene.ada).status == 200) }
            let before = try await scene.scene.contents()
            let refused = try await react(100, as: scene.ben)
            #expect(refused.status == 400 && refused.code == "limit_exceeded")
            #expect(refused.object.string("detail") == "A message has at most 100 different emojis.")
            let emoji = NumberedEmoji.text(100)
            scene.benSocket.send(#"{"type":"react","id":"r","message_id":"\#(message)","emoji":"\#(emoji)"}"#)
            let error = try await scene.benSocket.frame("error")
            #expect(error.string("id") == "r" && error.string("code") == "limit_exceeded")
            #expect(try await scene.scene.contents() == before)
            #expect(try await react(7, as: scene.ben).status == 200)
            #expect(!scene.benSocket.isClosed)
        }
    }

    private static func everyRoute(_ chat: Int64, _ message: String, _ user: Int64) -> [Case] {
        let (of, at) = ("/messages/\(message)", "/chats/\(chat)")
        let routes: [(HTTPMethod, String, String?)] = [
            (.get, of, nil), (.put, of, #"{"content":"x"}"#), (.delete, of, nil), (.post, of + "/restore", nil),
            (.get, of + "/revisions", nil), (.put, of + "/reactions/%F0%9F%91%8D", nil),
            (.delete, of + "/reactions/%F0%9F%91%8D", nil), (.post, of + "/react", #"{"emoji":"👍"}"#),
            (.get, of + "/reactions", nil), (.put, of + "/pin", nil), (.delete, of + "/pin", nil),
            (.get, of + "/thread", nil), (.get, at + "/pins", nil), (.get, at + "/events", nil),
            (.patch, at, #"{"name":"x"}"#), (.post, at + "/participants", #"{"user_id":\#(user)}"#),
            (.post, at + "/participants", #"{"user_ids":[\#(user)]}"#),
            (.patch, at + "/participants/\(user)", #"{"role":"admin"}"#),
            (.delete, at + "/participants/\(user)", nil),
        ]
        return routes.map { ($0, $1, $2, 404, "chat_not_found") }
    }

    private static func commands(_ message: String) -> [String] {
        [
            #"{"type":"edit","message_id":"\#(message)","content":"x"}"#,
            #"{"type":"delete","message_id":"\#(message)"}"#,
            #"{"type":"react","message_id":"\#(message)","emoji":"👍"}"#,
        ]
    }

    @Test
    func `a change that will not do gets its code and writes nothing`() async throws {
        try await ChangeScene.run { scene in
            let id = try await scene.send("mine", as: scene.ada)
            let gone = try await scene.send("gone", as: scene.ada)
            #expect(try await scene.call(.delete, "/messages/\(gone)", as: scene.ada).status == 200)
            let direct = try await scene.call(
                .post,
                "/chats",
                #"{"type":"direct","participant_ids":[\#(scene.ada.id)]}"#,
                as: scene.ben
            )
            let pair = try #require(direct.object.integer("chat_id"))
            let before = try await scene.scene.contents()
            for item in Self.refusals(scene, id, gone, pair: pair) {
                let answer = try await scene.call(item.method, item.path, item.body, as: scene.ben)
                #expect(
                    answer.status == item.status && answer.code == item.code,
                    "\(item.method.name) \(item.path) \(item.body ?? ""): \(answer.status) \(answer.object)"
                )
            }
            #expect(try await scene.scene.contents() == before)
        }
    }

    private static func refusals(_ scene: ChangeScene, _ id: String, _ gone: String, pair: Int64) -> [Case] {
        let (mine, chat) = ("/messages/\(id)", "/chats/\(scene.chat)")
        let long = String(repeating: "x", count: 10_001)
        let people = chat + "/participants"
        return [
            (.put, mine, #"{"content":"x"}"#, 403, "forbidden"), (.delete, mine, nil, 403, "forbidden"),
            (.put, mine, #"{"content":""}"#, 422, "empty"), (.put, mine, #"{"content":"\#(long)"}"#, 422, "too_long"),
            (.put, mine, #"{"content":"x","rev":1}"#, 400, "unknown_field"), (.put, mine, "{", 400, "invalid_json"),
            (.put, mine, nil, 400, "invalid_json"), (.delete, mine, #"{"x":1}"#, 400, "unknown_field"),
            (.put, "/messages/x", #"{"content":"x"}"#, 400, "invalid_value"),
            (.get, "/messages/\(scene.chat)-0", nil, 400, "invalid_value"),
            (.get, "/messages/\(scene.chat)-99", nil, 404, "message_not_found"),
            (.put, "/messages/\(scene.chat)-99", #"{"content":"x"}"#, 404, "message_not_found"),
            (.delete, "/messages/\(scene.chat)-99", nil, 404, "message_not_found"),
            (.put, "/messages/\(scene.chat)-99/pin", nil, 404, "message_not_found"),
            (.put, "/messages/\(scene.chat)-99/reactions/%F0%9F%91%8D", nil, 404, "message_not_found"),
            (.get, "/messages/\(scene.chat)-99/thread", nil, 404, "message_not_found"),
            (.put, "/messages/\(gone)/pin", nil, 404, "message_not_found"),
            (.put, "/messages/\(gone)/reactions/%F0%9F%91%8D", nil, 404, "message_not_found"),
            (.put, mine + "/reactions/ok", nil, 422, "invalid_content"),
            (.put, mine + "/reactions/%F0%9F%91%8D%F0%9F%91%8D", nil, 422, "invalid_content"),
            (.put, mine + "/reactions/" + String(repeating: "%F0%9F%91%8D", count: 17), nil, 422, "too_long"),
            (.put, mine + "/reactions/%F0%9F", nil, 400, "invalid_value"),
            (.post, mine + "/react", #"{"emoji":""}"#, 422, "empty"),
            (.post, mine + "/react", #"{}"#, 400, "invalid_value"),
            (.patch, chat, #"{"name":"x"}"#, 403, "forbidden"), (.patch, chat, #"{"name":7}"#, 400, "invalid_value"),
            (.patch, chat, #"{"name":""}"#, 422, "empty"), (.patch, chat, #"{"type":"direct"}"#, 400, "unknown_field"),
            (.patch, chat, #"{"avatar_url":"javascript:x"}"#, 400, "invalid_value"),
            (.patch, "/chats/\(pair)", #"{"name":"x"}"#, 403, "forbidden"),
            (.post, people, #"{"user_id":\#(scene.ada.id)}"#, 403, "forbidden"),
            (.post, "/chats/\(pair)/participants", #"{"user_id":\#(scene.ada.id)}"#, 403, "forbidden"),
            (.post, people, "{}", 400, "invalid_value"), (.post, people, #"{"user_ids":[]}"#, 400, "invalid_value"),
            (.post, people, #"{"user_ids":[1,1]}"#, 400, "invalid_value"),
            (.post, people, #"{"user_id":1,"user_ids":[1]}"#, 400, "invalid_value"),
            (.delete, people + "/\(scene.ada.id)", nil, 403, "forbidden"),
            (.delete, people + "/999999", nil, 404, "user_not_found"),
            (.patch, people + "/\(scene.ada.id)", #"{"role":"member"}"#, 403, "forbidden"),
            (.get, chat + "/events?after=-1", nil, 400, "invalid_value"),
            (.get, chat + "/events?after=1&cursor=1", nil, 400, "invalid_value"),
            (.get, chat + "/pins?limit=101", nil, 400, "limit_exceeded"),
        ]
    }

    @Test
    func `a change asked for again under its id is done once, another under it is a mistake`() async throws {
        try await ChangeScene.run { scene in
            let cyd = try await scene.client.makeUser("cyd")
            let id = try await scene.send("one", as: scene.ada)
            let people = "/chats/\(scene.chat)/participants"
            let changes: [(HTTPMethod, String, String?)] = [
                (.put, "/messages/\(id)", #"{"content":"two"}"#),
                (.put, "/messages/\(id)/reactions/%F0%9F%91%8D", nil), (.put, "/messages/\(id)/pin", nil),
                (.post, people, #"{"user_id":\#(cyd.id)}"#), (.patch, people + "/\(cyd.id)", #"{"role":"admin"}"#),
                (.patch, "/chats/\(scene.chat)", #"{"name":"n"}"#), (.delete, people + "/\(cyd.id)", nil),
                (.delete, "/messages/\(id)", nil), (.post, "/messages/\(id)/restore", nil),
            ]
            for (index, (method, path, body)) in changes.enumerated() {
                for _ in 0..<2 {
                    let answer = try await scene.call(method, path, body, as: scene.ada, key: "change-\(index)")
                    #expect((200...204).contains(answer.status), "\(method.name) \(path): \(answer.object)")
                }
            }
            let other = try await scene.call(
                .put,
                "/messages/\(id)",
                #"{"content":"three"}"#,
                as: scene.ada,
                key: "change-0"
            )
            #expect(other.status == 422 && other.code == "idempotency_mismatch")
            let log = try await scene.call(.get, "/chats/\(scene.chat)/events?after=2", as: scene.ada)
            #expect(
                log.items.map { $0.string("type") } == [
                    "message.updated", "reaction.added", "pin.added", "participant.added", "participant.updated",
                    "chat.updated", "participant.removed", "message.deleted", "message.updated",
                ]
            )
            let uuid = "0190a1b2-0000-7000-8000-000000000001"
            let edit = #"{"type":"edit","message_id":"\#(id)","content":"x","client_msg_id":"\#(uuid)"}"#
            for _ in 0..<2 {
                scene.adaSocket.send(edit)
                #expect(try await scene.adaSocket.frame("ack").integer("offset") == 12)
            }
        }
    }
}

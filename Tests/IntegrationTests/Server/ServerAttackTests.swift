import JSON
import Support
import Testing
import Web

/// Bodies and ids that attack: each gets a typed refusal, changes nothing and shows nothing.
@Suite(.realTime) struct ServerAttackTests {
    @Test func `operators where values are meant are refused`() async throws {
        try await AttackScene.run { scene in
            let (chat, message) = ("/chats/\(scene.scene.chat)", "/messages/\(scene.message)")
            var attacks: [Attack] = []
            for value in [
                #"{"$ne":null}"#, #"{"$gt":""}"#, #"{"$where":"sleep(1)"}"#, #"["$ne"]"#, #"{"$regex":".*"}"#,
            ] {
                attacks += [
                    Attack(.post, chat + "/messages", #"{"content":\#(value)}"#, 400, "invalid_value"),
                    Attack(.post, "/messages", #"{"chat_id":\#(value),"content":"x"}"#, 400, "invalid_value"),
                    Attack(.put, message, #"{"content":\#(value)}"#, 400, "invalid_value"),
                    Attack(.post, message + "/react", #"{"emoji":\#(value)}"#, 400, "invalid_value"),
                    Attack(.post, chat + "/messages", #"{"content":"x","reply_to":\#(value)}"#, 400, "invalid_value"),
                    Attack(.post, message + "/forward", #"{"chat_ids":[\#(value)]}"#, 400, "invalid_value"),
                    Attack(
                        .post,
                        "/chats",
                        #"{"type":"group","name":"x","participant_ids":[\#(value)]}"#,
                        400,
                        "invalid_value"
                    ),
                    Attack(.post, chat + "/read", #"{"seq":\#(value)}"#, 400, "invalid_value"),
                    Attack(.post, "/auth/login", #"{"username":\#(value),"password":\#(value)}"#, 400, "invalid_value"),
                    Attack(.post, "/auth/refresh", #"{"refresh_token":\#(value)}"#, 400, "invalid_value"),
                    Attack(.post, chat + "/join", #"{"invite":\#(value)}"#, 400, "invalid_value"),
                ]
            }
            for name in ["$where", "$set", "content.x", "_id", "__proto__", "a\\u0000b", "$"] {
                let code = name.contains("u0000") ? "invalid_json" : "unknown_field"
                attacks += [
                    Attack(.post, chat + "/messages", #"{"content":"x","\#(name)":1}"#, 400, code),
                    Attack(.put, message, #"{"content":"x","\#(name)":{"a":1}}"#, 400, code),
                    Attack(.put, chat + "/my", #"{"\#(name)":true}"#, 400, code),
                    Attack(.patch, "/users/me", #"{"\#(name)":"x"}"#, 400, code),
                ]
            }
            try await scene.withstand(attacks)
        }
    }

    @Test func `fields that are the server's cannot be assigned`() async throws {
        try await AttackScene.run { scene in
            let (chat, message) = ("/chats/\(scene.scene.chat)", "/messages/\(scene.message)")
            let account = #""username":"mallory","email":"m@example.org","password":"correct horse battery""#
            func refused(_ method: HTTPMethod, _ path: String, _ start: String, _ fields: [String]) -> [Attack] {
                fields.map { Attack(method, path, "{\(start)\(start.isEmpty ? "" : ",")\($0)}", 400, "unknown_field") }
            }
            let ids = [#""user_id":1"#, #""created_at":"2020-01-01T00:00:00.000Z""#]
            try await scene.withstand(
                refused(.post, "/auth/register", account, ids + [#""role":"admin""#, #""disabled_at":null"#])
                    + refused(
                        .patch,
                        "/users/me",
                        "",
                        ids + [#""role":"admin""#, #""username":"x""#, #""email":"x@x.org""#]
                    )
                    + refused(
                        .post,
                        "/chats",
                        #""type":"group","name":"x","participant_ids":[]"#,
                        ids + [#""chat_id":1"#, #""created_by":1"#, #""last_seq":9"#, #""role":"owner""#]
                    )
                    + refused(
                        .patch,
                        chat,
                        "",
                        [
                            #""type":"direct""#, #""last_offset":0"#, #""closed_by_block":false"#,
                            #""participant_count":1"#,
                        ]
                    )
                    + refused(
                        .post,
                        chat + "/messages",
                        #""content":"x""#,
                        [
                            #""seq":1"#, #""offset":1"#, #""rev":1"#, #""sender_id":1"#, #""deleted":true"#,
                            #""message_id":"1-1""#, #""reactions":[]"#, #""edited_at":null"#,
                        ]
                    )
                    + refused(.put, message, #""content":"x""#, [#""rev":9"#, #""sender_id":\#(scene.scene.ben.id)"#])
                    + refused(.put, chat + "/my", "", [#""role":"owner""#, #""read_seq":0"#, #""unread":0"#])
                    + refused(
                        .post,
                        chat + "/participants",
                        #""user_id":\#(scene.eve.id)"#,
                        [#""joined_at":null"#, #""read_seq":1"#]
                    )
                    + refused(.post, chat + "/invites", "", [#""code":"abc""#, #""uses":-1"#, #""created_by":1"#])
                    + refused(.put, "/users/me/settings", "", [#""user_id":\#(scene.eve.id)"#, #""role":"admin""#])
            )
        }
    }

    @Test func `ids of another's chat lead nowhere, as if there were nothing`() async throws {
        try await AttackScene.run { scene in
            let invites = "/chats/\(scene.foreign)/invites"
            let invite = try await scene.scene.call(.post, invites, "{}", as: scene.eve)
            let code = try #require(invite.object.string("code"))
            for (id, chat) in [(scene.foreignMessage, scene.foreign), ("987654-1", 987_654)] {
                try await scene.withstand(Self.reaches(for: id, in: chat, scene, code: code))
            }
            // The answers to both are the same but for what was asked: nothing tells whether there is such a chat.
            let paths = [
                "/chats/ID", "/chats/ID/messages", "/messages/ID-1", "/messages/ID-1/thread",
                "/chats/ID/events?after=1",
            ]
            for path in paths {
                var texts: Set<String> = []
                for chat in ["\(scene.foreign)", "987654"] {
                    let asked = path.replacing("ID", with: chat)
                    let answer = try await scene.scene.call(.get, asked, as: scene.scene.ben)
                    let id = answer.object.string("request_id") ?? ""
                    texts.insert(answer.text.replacing(id, with: "").replacing(asked.prefix { $0 != "?" }, with: ""))
                }
                #expect(texts.count == 1, "\(texts)")
            }
            let kept = try await scene.scene.call(.get, invites, as: scene.eve)
            #expect(kept.items.map { $0.string("code") } == [code])
        }
    }

    private static func reaches(for id: String, in chat: Int64, _ scene: AttackScene, code: String) -> [Attack] {
        let (own, message, foreign) = (scene.scene.chat, "/messages/\(id)", "/chats/\(chat)")
        let thumb = "/reactions/%F0%9F%91%8D"
        var attacks = [
            Attack(.post, "/chats/\(own)/messages", #"{"content":"x","reply_to":"\#(id)"}"#, 404, "message_not_found"),
            Attack(
                .post,
                "/chats/\(own)/messages",
                #"{"content":"x","thread_root":"\#(id)"}"#,
                404,
                "message_not_found"
            ),
            Attack(.put, "/chats/\(own)/draft", #"{"content":"x","reply_to":"\#(id)"}"#, 404, "message_not_found"),
            Attack(.post, message + "/forward", #"{"chat_ids":[\#(own)]}"#, 404, "chat_not_found"),
            Attack(.post, "/messages/\(scene.message)/forward", #"{"chat_ids":[\#(chat)]}"#, 404, "chat_not_found"),
            Attack(.post, message + "/react", #"{"emoji":"👍"}"#, 404, "chat_not_found"),
            Attack(.put, message, #"{"content":"x"}"#, 404, "chat_not_found"),
            Attack(.post, message + "/thread/read", #"{"seq":1}"#, 404, "chat_not_found"),
            Attack(.post, foreign + "/join", #"{"invite":"0123456789abcdef01234567"}"#, 404, "chat_not_found"),
            Attack(.post, foreign + "/join", nil, 404, "chat_not_found"),
            Attack(.post, foreign + "/participants", #"{"user_id":\#(scene.scene.ben.id)}"#, 404, "chat_not_found"),
            Attack(.patch, foreign + "/participants/\(scene.eve.id)", #"{"role":"member"}"#, 404, "chat_not_found"),
            Attack(.patch, foreign, #"{"name":"mine"}"#, 404, "chat_not_found"),
            Attack(.put, foreign + "/my", #"{"pinned":true}"#, 404, "chat_not_found"),
            Attack(.put, foreign + "/draft", #"{"content":"x"}"#, 404, "chat_not_found"),
            Attack(.post, foreign + "/read", #"{"seq":1}"#, 404, "chat_not_found"),
            Attack(.post, foreign + "/messages", #"{"content":"x"}"#, 404, "chat_not_found"),
            Attack(.delete, "/chats/\(own)/invites/\(code)", nil, 403, "forbidden"),
        ]
        for (method, rest) in [
            (HTTPMethod.get, ""), (.delete, ""), (.get, "/revisions"), (.get, "/thread"), (.get, "/reactions"),
            (.post, "/restore"), (.put, "/pin"), (.delete, "/pin"), (.put, "/saved"), (.put, "/hidden"), (.put, thumb),
            (.delete, thumb),
        ] { attacks.append(Attack(method, message + rest, nil, 404, "chat_not_found")) }
        for (method, rest) in [
            (HTTPMethod.get, ""), (.delete, ""), (.get, "/messages"), (.get, "/events?after=0"), (.get, "/pins"),
            (.get, "/threads"), (.get, "/receipts"), (.get, "/participants"), (.get, "/invites"), (.get, "/draft"),
            (.delete, "/participants/\(scene.eve.id)"), (.delete, "/invites/\(code)"),
        ] { attacks.append(Attack(method, foreign + rest, nil, 404, "chat_not_found")) }
        return attacks
    }

    @Test func `JSON that two readers could take for different things is refused`() async throws {
        try await AttackScene.run { scene in
            let (chat, message) = ("/chats/\(scene.scene.chat)/messages", "/messages/\(scene.message)")
            func nested(_ open: String, _ close: String) -> String {
                String(repeating: open, count: 100) + "1" + String(repeating: close, count: 100)
            }
            let bodies = [
                #"{"content":"x","mentions":\#(nested("[", "]"))}"#, #"{"content":"x","z":\#(nested(#"{"a":"#, "}"))}"#,
                nested("[", "]"), #"{"content":"a","content":"b"}"#, #"{"content":"a","c\u006fntent":"b"}"#,
                #"{"content":"x","mentions":[{"kind":"all","kind":"here"}]}"#, #"{"content":"\ud83d"}"#,
                #"{"content":"\udc00x"}"#, #"{"content":"\ud83d\ud83d"}"#, #"{"content":"x","\ud800":1}"#,
                #"{"content":"a\u0000b"}"#, #"{"content":"x"} {}"#, #"{"content":"x",}"#, #"{'content':'x'}"#,
                "{\"content\":\"a\nb\"}", #"{"content":"x"/**/}"#, "\u{FEFF}" + #"{"content":"x"}"#,
            ]
            try await scene.withstand(
                bodies.flatMap { body in
                    [
                        Attack(.post, chat, body, 400, "invalid_json"),
                        Attack(.put, message, body, 400, "invalid_json"),
                        Attack(.post, "/auth/login", body, 400, "invalid_json"),
                    ]
                }
            )
            let before = try await scene.contents()
            for body in bodies {
                scene.scene.benSocket.send(
                    #"{"type":"message","id":"x","chat_id":\#(scene.scene.chat),"z":"# + body + "}"
                )
                let frame = try await scene.scene.benSocket.frame("error")
                #expect(frame.string("code") == "invalid_json", "\(body): \(frame)")
            }
            #expect(try await scene.contents() == before)
        }
    }
}

import Domain
import JSON
import Support
import Testing
import Web

@Suite struct MessageRoutesTests {
    @Test(arguments: [false, true])
    func `a message is sent and read back as it was`(alias: Bool) async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            let text = #"  caf\u00e9 \"😀\"\n "#
            let fields = alias ? #"{"chat_id":\#(chat),"content":"\#(text)"}"# : #"{"content":"\#(text)"}"#
            let sent = await api.call(
                .post,
                alias ? "/messages" : "/chats/\(chat)/messages",
                as: ada.token,
                json: fields
            )
            #expect(sent.status == 201)
            #expect(sent.string("content") == "  café \"😀\"\n ")
            #expect(sent.string("message_id") == "\(chat)-1")
            #expect(sent.integer("seq") == 1 && sent.integer("offset") == 2 && sent.integer("sender_id") == ada.id)
            #expect(sent["duplicate"] == nil)
            let page = await api.call(.get, "/chats/\(chat)/messages", as: bob.token)
            #expect(page.status == 200)
            #expect(page.items.first?["content"] == sent["content"])
            #expect(page.integer("limit") == 50)
            #expect(page["next"] == .null)
            #expect(api.stores.broker.announced.map(\.offset.rawValue) == [1, 2])
        }
    }

    @Test func `the same id and body answer the first result, another body is a mistake`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            let id = "0190a1b2-0000-7000-8000-000000000001"
            func send(_ text: String) async -> Answer {
                let fields = #"{"content":"\#(text)","client_msg_id":"\#(id)"}"#
                return await api.call(.post, "/chats/\(chat)/messages", as: ada.token, json: fields)
            }
            let first = await send("one")
            #expect(first.status == 201 && first.string("client_msg_id") == id)
            await api.send("between", to: chat, as: ada)
            let again = await send("one")
            #expect(again.status == 200)
            #expect(again["duplicate"] == .bool(true))
            #expect(again.integer("seq") == 1 && again.integer("offset") == first.integer("offset"))
            let other = await send("two")
            #expect(other.status == 422 && other.code == "idempotency_mismatch")
            #expect(await api.call(.get, "/chats/\(chat)/messages", as: ada.token).integers("seq") == [1, 2])
        }
    }

    @Test func `an idempotency key works like an id, and must agree with one`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            func send(_ key: String, _ fields: String = #"{"content":"x"}"#) async -> Answer {
                let headers = [("Idempotency-Key", key)]
                return await api.call(.post, "/chats/\(chat)/messages", as: ada.token, json: fields, headers: headers)
            }
            #expect(await send("order-7").status == 201)
            #expect(await send("order-7")["duplicate"] == .bool(true))
            let id = "0190a1b2-0000-7000-8000-000000000001"
            let both = #"{"content":"y","client_msg_id":"\#(id)"}"#
            #expect(await send(id, both).status == 201)
            #expect(await send(id, #"{"content":"y"}"#)["duplicate"] == .bool(true))
            #expect(await send("order-8", both).code == "invalid_value")
            for key in ["", "a b", "é", String(repeating: "k", count: 256)] {
                let refused = await send(key)
                #expect(refused.status == 400 && refused.code == "invalid_value")
            }
            #expect(await api.call(.get, "/chats/\(chat)/messages", as: ada.token).integers("seq") == [1, 2])
        }
    }

    @Test func `a change asked for again is not done again, and answers the message as it is by now`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            let id = await api.send("first", to: chat, as: ada).string("message_id") ?? ""
            func edit(_ text: String, _ key: String) async -> Answer {
                let fields = #"{"content":"\#(text)"}"#
                let headers = [("Idempotency-Key", key)]
                return await api.call(.put, "/messages/\(id)", as: ada.token, json: fields, headers: headers)
            }
            #expect(await edit("second", "a").string("content") == "second")
            let third = await edit("third", "b")
            #expect(third.string("content") == "third" && third["duplicate"] == nil)
            let again = await edit("second", "a")
            #expect(again.status == 200 && again["duplicate"] == .bool(true))
            #expect(again.string("content") == "third" && again.integer("rev") == third.integer("rev"))
        }
    }

    @Test(arguments: [
        ("{", 400, "invalid_json"), ("[]", 400, "invalid_json"), ("", 400, "invalid_json"),
        (#"{"content":"x"} x"#, 400, "invalid_json"), (#"{}"#, 400, "invalid_value"),
        (#"{"content":5}"#, 400, "invalid_value"), (#"{"content":null}"#, 400, "invalid_value"),
        (#"{"content":""}"#, 422, "empty"),
        (#"{"content":"\#(String(repeating: "x", count: 10_001))"}"#, 422, "too_long"),
        (#"{"content":"a\u0000b"}"#, 400, "invalid_json"),
        (#"{"content":"\ud800"}"#, 400, "invalid_json"),
        (#"{"content":"x","sender_id":1}"#, 400, "unknown_field"),
        (#"{"content":"x","type":"system"}"#, 400, "invalid_value"),
        (#"{"content":"x","client_msg_id":"nope"}"#, 400, "invalid_value"),
        (#"{"content":"x","reply_to":"1-99"}"#, 404, "message_not_found"),
        (#"{"content":"x","reply_to":"99-1"}"#, 404, "message_not_found"),
        (#"{"content":"x","attachments":\#(String(repeating: "[", count: 60_000))"#, 400, "invalid_json"),
    ])
    func `a message that will not do is refused and not written`(
        fields: String,
        status: Int,
        code: String
    ) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            let answer = await api.call(.post, "/chats/\(chat)/messages", as: ada.token, json: fields)
            #expect(answer.status == status)
            #expect(answer.code == code)
            #expect(answer.headers["Content-Type"] == "application/problem+json")
            #expect(await api.call(.get, "/chats/\(chat)/messages", as: ada.token).items.isEmpty)
        }
    }

    @Test func `a body that is not UTF-8, or not said to be JSON, is refused`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let path = "/chats/\(await api.group(ada))/messages"
            let json = [("Content-Type", "application/json; charset=utf-8")]
            let broken = Array(#"{"content":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
            #expect(await api.call(.post, path, as: ada.token, body: broken, headers: json).code == "invalid_json")
            let good = Array(#"{"content":"x"}"#.utf8)
            #expect(await api.call(.post, path, as: ada.token, body: good, headers: json).status == 201)
            for type in ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", ""] {
                let headers = [("Content-Type", type)]
                let answer = await api.call(.post, path, as: ada.token, body: good, headers: headers)
                #expect(answer.status == 415 && answer.code == "unsupported_media_type")
            }
            #expect(await api.call(.post, path, as: ada.token, body: good).status == 415)
        }
    }

    @Test func `a body under a coding is not read, and the answer says which would be`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let path = "/chats/\(await api.group(ada))/messages"
            func send(_ codings: [String]) async -> Answer {
                let headers = codings.map { ("Content-Encoding", $0) }
                return await api.call(.post, path, as: ada.token, json: #"{"content":"x"}"#, headers: headers)
            }
            for codings in [["gzip"], ["identity, br"], ["identity", "gzip"], ["x"], ["identity;q=1"]] {
                let answer = await send(codings)
                #expect(answer.status == 415 && answer.code == "unsupported_media_type")
                #expect(answer.headers["Accept-Encoding"] == "identity")
            }
            for codings in [["identity"], ["Identity , identity"], [""]] {
                #expect(await send(codings).status == 201)
            }
        }
    }

    @Test func `a stranger neither reads nor writes`() async throws {
        try await withAPI { api in
            let (ada, eve) = (await api.person("ada"), await api.person("eve"))
            let chat = await api.group(ada)
            await api.send("secret", to: chat, as: ada)
            #expect(await api.send("x", to: chat, as: eve).code == "chat_not_found")
            let read = await api.call(.get, "/chats/\(chat)/messages", as: eve.token)
            #expect(read.status == 404 && read.code == "chat_not_found")
            #expect(!read.text.contains("secret"))
            for id in ["\(chat)", "4711", "0", "-1", "9223372036854775807"] {
                let answer = await api.call(
                    .post,
                    "/messages",
                    as: eve.token,
                    json: #"{"chat_id":\#(id),"content":"x"}"#
                )
                #expect(answer.status == 404 && answer.code == "chat_not_found", "\(id)")
            }
        }
    }

    @Test func `history pages in both directions and misses nothing`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            for number in 1...7 { await api.send("m\(number)", to: chat, as: ada) }
            func walk(_ query: String) async -> [[Int64]] {
                var pages: [[Int64]] = []
                var query: String? = query
                while let current = query, pages.count < 10 {
                    let page = await api.call(.get, "/chats/\(chat)/messages?limit=3&\(current)", as: ada.token)
                    pages.append(page.integers("seq"))
                    query = page.string("next").map { "cursor=\($0)" }
                }
                return pages
            }
            #expect(await walk("") == [[5, 6, 7], [2, 3, 4], [1]])
            #expect(await walk("before=5") == [[2, 3, 4], [1]])
            #expect(await walk("before=4") == [[1, 2, 3]])
            #expect(await walk("after=0") == [[1, 2, 3], [4, 5, 6], [7]])
            #expect(await walk("after=4") == [[5, 6, 7]])
            #expect(await walk("around=4") == [[3, 4, 5], [6, 7]])
            #expect(await walk("around=first_unread") == [[5, 6, 7]])
            #expect(await walk("before=1") == [[]])
            #expect(await walk("after=7") == [[]])
            #expect(await walk("before=9007199254740991") == [[5, 6, 7], [2, 3, 4], [1]])
        }
    }

    @Test func `the page around what is unread is the one around the message that is`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            for number in 1...9 { await api.send("\(number)", to: chat, as: ada) }
            await api.send("10", to: chat, as: bob)
            for number in 11...16 { await api.send("\(number)", to: chat, as: ada) }
            let waiting = await api.call(.get, "/unread", as: ada.token)
            #expect(waiting.integers("unread") == [1])
            for limit in 1...5 {
                let path = "/chats/\(chat)/messages?limit=\(limit)&around="
                let page = await api.call(.get, path + "first_unread", as: ada.token)
                let named = await api.call(.get, path + "10", as: ada.token)
                #expect(page.status == 200 && page.integers("seq").contains(10))
                #expect(page.text == named.text)
            }
        }
    }

    @Test(arguments: [
        ("before=1&after=1", "invalid_value"), ("before=1&around=first_unread", "invalid_value"),
        ("cursor=b2&after=1", "invalid_value"), ("before=0", "invalid_value"), ("after=-1", "invalid_value"),
        ("around=last", "invalid_value"), ("cursor=c1", "invalid_value"), ("cursor=b01", "invalid_value"),
        ("cursor=", "invalid_value"), ("limit=101", "limit_exceeded"), ("page=1", "unknown_field"),
        ("before=9007199254740992", "invalid_value"),
    ])
    func `history refuses a query it cannot answer`(query: String, code: String) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            let answer = await api.call(.get, "/chats/\(chat)/messages?\(query)", as: ada.token)
            #expect(answer.status == 400)
            #expect(answer.code == code)
        }
    }

    @Test func `a route without a query refuses one`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            #expect(await api.call(.get, "/chats/\(chat)?x=1", as: ada.token).code == "unknown_field")
            let path = "/chats/\(chat)/messages?dry_run=1"
            #expect(await api.call(.post, path, as: ada.token, json: #"{"content":"x"}"#).code == "unknown_field")
        }
    }

    @Test func `pages of revisions go on where the last one ended, whatever is edited in between`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            await api.send("1", to: chat, as: ada)
            let message = "/messages/\(chat)-1"
            func edit(_ text: String) async {
                let fields = #"{"content":"\#(text)"}"#
                #expect(await api.call(.put, message, as: ada.token, json: fields).status == 200)
            }
            for number in 2...6 { await edit("\(number)") }
            var said: [[String?]] = []
            var path = "\(message)/revisions?limit=2"
            while said.count < 5 {
                let page = await api.call(.get, path, as: ada.token)
                said.append(page.items.map { $0.string("content") })
                guard let next = page.string("next") else { break }
                if said.count == 2 { await edit("7") }
                path = "\(message)/revisions?limit=2&cursor=\(next)"
            }
            #expect(said == [["1", "2"], ["3", "4"], ["5", "6"]])
            for cursor in ["0", "-1", "x", "", "9007199254740992"] {
                let refused = await api.call(.get, "\(message)/revisions?cursor=\(cursor)", as: ada.token)
                #expect(refused.status == 400 && refused.code == "invalid_value", "\(cursor)")
            }
            let beyond = await api.call(.get, "\(message)/revisions?cursor=9007199254740991", as: ada.token)
            #expect(beyond.status == 200 && beyond.items.isEmpty && beyond["next"] == .null)
        }
    }
}

import Domain
import JSON
import Support
import Testing
import Web

@Suite struct PersonalMessageRoutesTests {
    @Test func `what is hidden is left out of everything its user reads, and of nothing else`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            for text in ["1", "2", "3"] { await api.send(text, to: chat, as: ada) }
            let reply = #"{"content":"4","thread_root":"\#(chat)-1"}"#
            for _ in 1...2 { _ = await api.call(.post, "/chats/\(chat)/messages", as: ada.token, json: reply) }
            for number in [2, 4] {
                #expect(await api.call(.put, "/messages/\(chat)-\(number)/pin", as: ada.token).status == 200)
                #expect(await api.call(.put, "/messages/\(chat)-\(number)/saved", as: bob.token).status == 204)
                #expect(await api.call(.put, "/messages/\(chat)-\(number)/hidden", as: bob.token).status == 204)
            }
            let unread = await api.call(.get, "/chats/\(chat)", as: bob.token)
            func numbers(_ path: String, as person: Person) async -> [Int64] {
                let path = path.replacing("{chat}", with: "\(chat)")
                let items = await api.call(.get, path, as: person.token).items
                return items.compactMap { item in
                    if case .object(let message)? = item["message"] { return message.integer("seq") }
                    return item.integer("seq")
                }
            }
            #expect(await numbers("/chats/{chat}/messages", as: bob) == [1, 3, 5])
            #expect(await numbers("/chats/{chat}/messages", as: ada) == [1, 2, 3, 4, 5])
            #expect(await numbers("/chats/{chat}/messages?around=2&limit=1", as: bob) == [])
            #expect(await numbers("/messages/{chat}-1/thread", as: bob) == [5])
            #expect(await numbers("/chats/{chat}/pins", as: bob) == [])
            #expect(await numbers("/chats/{chat}/pins", as: ada) == [4, 2])
            #expect(await numbers("/users/me/saved", as: bob) == [])
            for path in ["", "/revisions", "/reactions", "/thread"] {
                let read = await api.call(.get, "/messages/\(chat)-2\(path)", as: bob.token)
                #expect(read.status == 404 && read.code == "message_not_found", "\(path)")
            }
            let events = await api.call(.get, "/chats/\(chat)/events", as: bob.token)
            #expect(events.status == 200 && events.items.count == 8)
            if case .object(let my)? = unread["my"] { #expect(my.integer("unread") == 5) }
            #expect(await api.call(.delete, "/messages/\(chat)-2/hidden", as: bob.token).status == 204)
            #expect(await numbers("/chats/{chat}/messages", as: bob) == [1, 2, 3, 5])
            #expect(await numbers("/users/me/saved", as: bob) == [2])
        }
    }

    @Test func `a page of nothing but hidden messages says where the next begins`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            for number in 1...6 {
                await api.send("\(number)", to: chat, as: ada)
                guard (3...4).contains(number) else { continue }
                #expect(await api.call(.put, "/messages/\(chat)-\(number)/hidden", as: ada.token).status == 204)
            }
            func walk(_ query: String) async -> [[Int64]] {
                var pages: [[Int64]] = []
                var query: String? = query
                while let current = query, pages.count < 10 {
                    let page = await api.call(.get, "/chats/\(chat)/messages?limit=2&\(current)", as: ada.token)
                    pages.append(page.integers("seq"))
                    query = page.string("next").map { "cursor=\($0)" }
                }
                return pages
            }
            #expect(await walk("") == [[5, 6], [], [1, 2]])
            #expect(await walk("after=2") == [[], [5, 6]])
        }
    }

    @Test func `what is hidden can still be changed by its author, and the answer tells it`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            await api.send("1", to: chat, as: ada)
            _ = await api.call(.put, "/messages/\(chat)-1/hidden", as: ada.token)
            let edited = await api.call(.put, "/messages/\(chat)-1", as: ada.token, json: #"{"content":"2"}"#)
            #expect(edited.status == 200 && edited.string("content") == "2")
            #expect(await api.call(.put, "/messages/\(chat)-1/reactions/%2B", as: ada.token).status == 422)
            let reacted = await api.call(.post, "/messages/\(chat)-1/react", as: ada.token, json: #"{"emoji":"👍"}"#)
            #expect(reacted.status == 200)
            #expect(await api.call(.delete, "/messages/\(chat)-1", as: ada.token).status == 200)
        }
    }

    @Test func `saved messages are listed as they are now`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            for text in ["1", "2", "3"] { await api.send(text, to: chat, as: ada) }
            for number in [3, 1, 2] {
                #expect(await api.call(.put, "/messages/\(chat)-\(number)/saved", as: bob.token).status == 204)
            }
            _ = await api.call(.put, "/messages/\(chat)-1", as: ada.token, json: #"{"content":"one"}"#)
            _ = await api.call(.delete, "/messages/\(chat)-2", as: ada.token)
            let page = await api.call(.get, "/users/me/saved?limit=2", as: bob.token)
            #expect(page.items.map { $0.string("message_id") } == ["\(chat)-2", "\(chat)-1"])
            #expect(page.items.map { $0.object("message").bool("deleted") } == [true, false])
            #expect(page.items.map { $0.object("message").string("content") } == [nil, "one"])
            #expect(page.items.allSatisfy { $0.string("saved_at") != nil })
            let path = "/users/me/saved?limit=2&cursor=\(page.string("next") ?? "")"
            let rest = await api.call(.get, path, as: bob.token)
            #expect(rest.items.map { $0.string("message_id") } == ["\(chat)-3"] && rest["next"] == .null)
            for (method, path, code) in [
                (.put, "/messages/\(chat)-2/saved", "message_not_found"),
                (.put, "/messages/\(chat)-9/saved", "message_not_found"),
                (.put, "/messages/9-9/hidden", "chat_not_found"), (.put, "/messages/9-9/saved", "chat_not_found"),
                (.delete, "/messages/9-9/saved", "chat_not_found"), (.put, "/messages/x/saved", "invalid_value"),
                (.get, "/users/me/saved?limit=0", "invalid_value"), (.get, "/users/me/saved?cursor=x", "invalid_value"),
                (.get, "/users/me/saved?page=1", "unknown_field"),
            ] as [(HTTPMethod, String, String)] {
                #expect(await api.call(method, path, as: bob.token).code == code, "\(path)")
            }
            let named = await api.call(.put, "/messages/\(chat)-1/saved", as: bob.token, json: #"{"user_id":1}"#)
            #expect(named.code == "unknown_field")
            #expect(await api.call(.get, "/users/me/saved").status == 401)
        }
    }

    @Test func `a draft is kept, replaced, told to its author's devices, and forgotten`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            await api.send("1", to: chat, as: ada)
            let path = "/chats/\(chat)/draft"
            #expect(await api.call(.get, path, as: bob.token).code == "not_found")
            let fields = #"{"content":" so","reply_to":"\#(chat)-1"}"#
            let put = await api.call(.put, path, as: bob.token, json: fields)
            #expect(put.status == 200 && put.string("content") == " so" && put.integer("chat_id") == chat)
            #expect(put.string("reply_to") == "\(chat)-1" && put.string("updated_at") != nil)
            #expect(await api.call(.get, path, as: bob.token).text == put.text)
            let again = await api.call(.put, path, as: bob.token, json: #"{"content":"b","reply_to":null}"#)
            #expect(again["reply_to"] == .null)
            #expect(await api.call(.get, path, as: bob.token).text == again.text)
            for _ in 1...2 { #expect(await api.call(.delete, path, as: bob.token).status == 204) }
            #expect(await api.call(.get, path, as: bob.token).code == "not_found")
            let scope = EphemeralEvent.Scope.user(UserID(rawValue: bob.id), in: ChatID(rawValue: chat))
            let told = api.stores.broker.ephemeral.filter { $0.scope == scope }
            let frames = told.map { String(decoding: $0.payload, as: UTF8.self) }
            let head = #"{"type":"draft.updated","chat_id":\#(chat),"draft":"#
            #expect(frames == [put.text, again.text, "null", "null"].map { head + $0 + "}" })
        }
    }

    @Test(arguments: [
        (#"{}"#, "invalid_value"), (#"{"content":""}"#, "empty"), (#"{"content":1}"#, "invalid_value"),
        (#"{"content":"\#(String(repeating: "x", count: 10_001))"}"#, "too_long"),
        (#"{"content":"x","reply_to":"9-1"}"#, "message_not_found"),
        (#"{"content":"x","reply_to":1}"#, "invalid_value"), (#"{"content":"x","mentions":[]}"#, "unknown_field"),
    ])
    func `a draft that will not do is refused and not told`(fields: String, code: String) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            let put = await api.call(.put, "/chats/\(chat)/draft", as: ada.token, json: fields)
            #expect(put.code == code)
            let beyond = #"{"content":"x","reply_to":"\#(chat)-1"}"#
            let late = await api.call(.put, "/chats/\(chat)/draft", as: ada.token, json: beyond)
            #expect(late.code == "message_not_found")
            #expect(await api.call(.get, "/chats/\(chat)/draft", as: ada.token).status == 404)
            #expect(await api.call(.put, "/chats/99/draft", as: ada.token, json: beyond).status == 404)
            #expect(api.stores.broker.ephemeral.isEmpty)
        }
    }
}

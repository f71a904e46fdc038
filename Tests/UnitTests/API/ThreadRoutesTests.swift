import Domain
import JSON
import Support
import Testing
import Web

@Suite struct ThreadRoutesTests {
    @Test func `threads are listed with what is unread of them, until they are read`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            for text in ["1", "2"] { await api.send(text, to: chat, as: ada) }
            for root in [1, 2, 1] {
                let reply = #"{"content":"re","thread_root":"\#(chat)-\#(root)"}"#
                #expect(await api.call(.post, "/chats/\(chat)/messages", as: ada.token, json: reply).status == 201)
            }
            let page = await api.call(.get, "/chats/\(chat)/threads?limit=1", as: bob.token)
            #expect(page.items.map { $0.string("message_id") } == ["\(chat)-2"])
            let next = page.string("next") ?? ""
            let rest = await api.call(.get, "/chats/\(chat)/threads?limit=1&cursor=\(next)", as: bob.token)
            let item = try #require(rest.items.first)
            #expect(item.string("message_id") == "\(chat)-1" && rest["next"] == .null)
            #expect(item.integer("reply_count") == 2 && item.integer("last_reply_seq") == 5)
            #expect(item.integer("read_seq") == 0 && item.integer("unread") == 2)
            #expect(item.object("message").string("content") == "1" && item.string("last_reply_at") != nil)
            let path = "/messages/\(chat)-1/thread/read"
            let read = await api.call(.post, path, as: bob.token, json: #"{"seq":3}"#)
            #expect(read.text == #"{"message_id":"\#(chat)-1","read_seq":3,"unread":1}"#)
            let back = await api.call(.post, path, as: bob.token, json: #"{"seq":1}"#)
            #expect(back.integer("read_seq") == 3)
            #expect(await api.call(.get, "/chats/\(chat)/threads", as: bob.token).integers("unread") == [1, 1])
            #expect(await api.call(.get, "/chats/\(chat)/threads", as: ada.token).integers("unread") == [0, 0])
            for (path, fields, code) in [
                (path, #"{"seq":6}"#, "invalid_value"), (path, #"{"seq":-1}"#, "invalid_value"),
                (path, #"{}"#, "invalid_value"), (path, #"{"seq":1,"x":1}"#, "unknown_field"),
                ("/messages/\(chat)-3/thread/read", #"{"seq":3}"#, "message_not_found"),
                ("/messages/\(chat)-9/thread/read", #"{"seq":3}"#, "message_not_found"),
                ("/messages/99-1/thread/read", #"{"seq":3}"#, "chat_not_found"),
            ] {
                #expect(await api.call(.post, path, as: bob.token, json: fields).code == code, "\(path) \(fields)")
            }
            let eve = await api.person("eve")
            #expect(await api.call(.get, "/chats/\(chat)/threads", as: eve.token).code == "chat_not_found")
            #expect(await api.call(.get, "/chats/\(chat)/threads?cursor=x", as: bob.token).code == "invalid_value")
            #expect(await api.call(.put, "/messages/\(chat)-2/hidden", as: bob.token).status == 204)
            #expect(await api.call(.get, "/chats/\(chat)/threads", as: bob.token).items.count == 1)
        }
    }

    @Test func `events come after an offset, page by page, to members alone`() async throws {
        try await withAPI { api in
            let (ada, bob, eve) = (await api.person("ada"), await api.person("bob"), await api.person("eve"))
            let chat = await api.group(ada, bob)
            for number in 1...4 { await api.send("\(number)", to: chat, as: ada) }
            var offsets: [Int64] = []
            var path = "/chats/\(chat)/events?after=1&limit=2"
            while true {
                let page = await api.call(.get, path, as: bob.token)
                offsets += page.integers("offset")
                guard let next = page.string("next") else { break }
                path = "/chats/\(chat)/events?limit=2&cursor=\(next)"
            }
            #expect(offsets == [2, 3, 4, 5])
            #expect(await api.call(.get, "/chats/\(chat)/events", as: bob.token).items.count == 5)
            for beyond in ["5", "6", "9007199254740991"] {
                let page = await api.call(.get, "/chats/\(chat)/events?after=\(beyond)", as: bob.token)
                #expect(page.status == 200 && page.items.isEmpty && page["next"] == .null)
            }
            for query in ["after=-1", "after=x", "after=9007199254740992", "limit=0", "cursor=0", "after=1&cursor=1"] {
                let refused = await api.call(.get, "/chats/\(chat)/events?\(query)", as: bob.token)
                #expect(refused.status == 400 && refused.code == "invalid_value", "\(query)")
            }
            #expect(await api.call(.get, "/chats/\(chat)/events?limit=101", as: bob.token).code == "limit_exceeded")
            #expect(await api.call(.get, "/chats/\(chat)/events?before=1", as: bob.token).code == "unknown_field")
            for place in [chat, 99] {
                let stranger = await api.call(.get, "/chats/\(place)/events", as: eve.token)
                #expect(stranger.status == 404 && stranger.code == "chat_not_found")
            }
            _ = await api.call(.delete, "/chats/\(chat)/participants/\(bob.id)", as: ada.token)
            #expect(await api.call(.get, "/chats/\(chat)/events", as: bob.token).code == "chat_not_found")
        }
    }
}

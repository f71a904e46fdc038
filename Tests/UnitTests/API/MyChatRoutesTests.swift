import Domain
import JSON
import Support
import Testing
import Web

@Suite struct MyChatRoutesTests {
    @Test func `my settings of a chat are mine, and my devices are told`() async throws {
        try await withAPI { api in
            let (ada, bob, eve) = (await api.person("ada"), await api.person("bob"), await api.person("eve"))
            let chat = await api.group(ada, bob)
            let path = "/chats/\(chat)/my"
            let fields = #"{"muted_until":"2027-01-31T19:00:00.5+01:00","pinned":true,"archived":true}"#
            let changed = await api.call(.put, path, as: bob.token, json: fields)
            #expect(changed.status == 200 && changed.string("muted_until") == "2027-01-31T18:00:00.500Z")
            #expect(changed["pinned"] == .bool(true) && changed["archived"] == .bool(true))
            #expect(changed["marked_unread"] == .bool(false) && changed.string("role") == "member")
            let told = try #require(api.stores.broker.ephemeral.last)
            #expect(told.scope == .user(UserID(rawValue: bob.id), in: ChatID(rawValue: chat)))
            #expect(
                String(decoding: told.payload, as: UTF8.self).hasPrefix(
                    #"{"type":"my.updated","chat_id":\#(chat),"my":{"role":"member","read_seq":0,"#
                )
            )
            let count = api.stores.broker.ephemeral.count
            let same = await api.call(.put, path, as: bob.token, json: #"{"pinned":true}"#)
            #expect(same.text == changed.text && api.stores.broker.ephemeral.count == count)
            let cleared = await api.call(.put, path, as: bob.token, json: #"{"muted_until":null,"archived":false}"#)
            #expect(cleared["muted_until"] == .null && cleared["pinned"] == .bool(true))
            guard case .object(let other)? = await api.call(.get, "/chats/\(chat)", as: ada.token)["my"] else {
                throw Unexpected()
            }
            #expect(other["pinned"] == .bool(false))
            #expect(await api.call(.put, path, as: eve.token, json: "{}").code == "chat_not_found")
        }
    }

    @Test(arguments: [
        (#"{"muted_until":"tomorrow"}"#, "invalid_value"),
        (#"{"muted_until":"2027-02-29T00:00:00Z"}"#, "invalid_value"),
        (#"{"muted_until":"9999-12-31T23:59:59-12:00"}"#, "invalid_value"),
        (#"{"muted_until":5}"#, "invalid_value"), (#"{"pinned":"yes"}"#, "invalid_value"),
        (#"{"role":"owner"}"#, "unknown_field"), (#"{"read_seq":7}"#, "unknown_field"),
    ])
    func `settings that will not do are refused`(fields: String, code: String) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            let answer = await api.call(.put, "/chats/\(chat)/my", as: ada.token, json: fields)
            #expect(answer.status == 400 && answer.code == code)
        }
    }

    @Test func `what waits is told for all chats, and reading ends it`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let (first, second) = (await api.group(ada, bob), await api.group(ada, bob))
            for text in ["1", "2"] { await api.send(text, to: first, as: ada) }
            let mention = #"{"content":"bob","mentions":[{"kind":"user","user_id":\#(bob.id)}]}"#
            _ = await api.call(.post, "/chats/\(first)/messages", as: ada.token, json: mention)
            _ = await api.call(.put, "/chats/\(second)/my", as: bob.token, json: #"{"marked_unread":true}"#)
            let waiting = await api.call(.get, "/unread?limit=1", as: bob.token)
            #expect(waiting.integer("total") == 3 && waiting.integer("mentions") == 1)
            let chats = #"[{"chat_id":\#(first),"unread":3,"mentions":1,"marked_unread":false}]"#
            #expect(waiting.text.contains(#""items":\#(chats)"#))
            let next = try #require(waiting.string("next"))
            let rest = await api.call(.get, "/unread?limit=1&cursor=\(next)", as: bob.token)
            #expect(
                rest.text.contains(#""items":[{"chat_id":\#(second),"unread":0,"mentions":0,"marked_unread":true}]"#)
            )
            #expect(rest["next"] == .null && rest.integer("total") == 3)

            let read = await api.call(.post, "/chats/\(first)/read", as: bob.token, json: #"{"seq":2}"#)
            #expect(read.integer("unread") == 1 && read.integer("mentions") == 1)
            let told = api.stores.broker.ephemeral.count
            _ = await api.call(.post, "/chats/\(second)/read", as: bob.token, json: #"{"seq":0}"#)
            // The mark did not move, so there is no receipt; that the chat is marked no more is told.
            #expect(api.stores.broker.ephemeral.count == told + 1)
            let update = String(decoding: try #require(api.stores.broker.ephemeral.last).payload, as: UTF8.self)
            #expect(update.contains("my.updated") && update.contains(#""marked_unread":false"#))
            let after = await api.call(.get, "/unread", as: bob.token)
            #expect(
                after.text.contains(#""items":[{"chat_id":\#(first),"unread":1,"mentions":1,"marked_unread":false}]"#)
            )
            #expect(await api.call(.get, "/unread?page=1", as: bob.token).code == "unknown_field")
        }
    }

    @Test func `a message tells who has read it`() async throws {
        try await withAPI { api in
            let people = [await api.person("ada"), await api.person("bob"), await api.person("cyd")]
            let chat = await api.group(people[0], people[1], people[2])
            for text in ["1", "2"] { await api.send(text, to: chat, as: people[0]) }
            for (person, number) in zip(people, [2, 2, 1]) {
                _ = await api.call(.post, "/chats/\(chat)/read", as: person.token, json: #"{"seq":\#(number)}"#)
            }
            let path = "/chats/\(chat)/receipts"
            #expect(await api.call(.get, path, as: people[2].token).integers("read_seq") == [2, 2, 1])
            let first = await api.call(.get, "\(path)?seq=1", as: people[2].token)
            #expect(first.integers("user_id") == [people[1].id, people[2].id])
            let second = await api.call(.get, "\(path)?seq=2", as: people[2].token)
            #expect(second.integers("user_id") == [people[1].id])
            #expect(await api.call(.get, "\(path)?seq=3", as: people[2].token).code == "message_not_found")
            #expect(await api.call(.get, "\(path)?seq=0", as: people[2].token).code == "invalid_value")
            let eve = await api.person("eve")
            #expect(await api.call(.get, "\(path)?seq=1", as: eve.token).code == "chat_not_found")
            #expect(await api.call(.get, "\(path)?seq=3", as: eve.token).code == "chat_not_found")
        }
    }
}

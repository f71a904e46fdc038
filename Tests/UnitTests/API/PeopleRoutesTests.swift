import Domain
import JSON
import Support
import Testing
import Web

@Suite struct PeopleRoutesTests {
    @Test func `a profile is changed by its owner: null clears, absence leaves, nothing else is taken`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            func patch(_ fields: String) async -> Answer {
                await api.call(.patch, "/users/me", as: ada.token, json: fields)
            }
            let full = await patch(
                #"{"full_name":"Ada L.","avatar_url":"https://a.example/a.png","status_text":"busy"}"#
            )
            #expect(full.status == 200 && full.string("full_name") == "Ada L." && full.string("email") != nil)
            let cleared = await patch(#"{"status_text":null}"#)
            #expect(cleared["status_text"] == .null && cleared.string("avatar_url") == "https://a.example/a.png")
            #expect(await patch("{}").text == cleared.text)
            let seen = await api.call(.get, "/users/\(ada.id)", as: bob.token)
            #expect(seen.string("full_name") == "Ada L." && seen["email"] == nil && seen["role"] == nil)
        }
    }

    @Test(arguments: [
        (#"{"role":"admin"}"#, "unknown_field"), (#"{"username":"root"}"#, "unknown_field"),
        (#"{"full_name":""}"#, "empty"), (#"{"full_name":7}"#, "invalid_value"),
        (#"{"status_text":"a\u0007b"}"#, "invalid_content"),
        (#"{"avatar_url":"javascript:alert(1)"}"#, "invalid_value"),
        (#"{"avatar_url":"/etc/passwd"}"#, "invalid_value"), (#"{"avatar_url":"https://"}"#, "invalid_value"),
        (#"{"avatar_url":"https://a b"}"#, "invalid_value"), (#"{"avatar_url":"https://a\\b"}"#, "invalid_value"),
        (#"{"avatar_url":"https:///a"}"#, "invalid_value"),
    ])
    func `a profile that may not be is refused`(fields: String, code: String) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let answer = await api.call(.patch, "/users/me", as: ada.token, json: fields)
            #expect(answer.code == code, "\(answer.text)")
        }
    }

    @Test(arguments: [("full_name", 100), ("status_text", 200), ("avatar_url", 2_048)])
    func `the fields of a profile have their lengths`(name: String, limit: Int) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            func put(_ count: Int) async -> Answer {
                let text = "https://a" + String(repeating: "x", count: count - 9)
                return await api.call(.patch, "/users/me", as: ada.token, json: #"{"\#(name)":"\#(text)"}"#)
            }
            #expect(await put(limit).status == 200)
            #expect(await put(limit + 1).code == "too_long")
        }
    }

    @Test func `people are searched, page by page and by number`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            for number in 0..<5 { _ = await api.person("eve\(number)") }
            let first = await api.call(.get, "/users?query=EVE&limit=2", as: ada.token)
            #expect(first.status == 200 && first.items.map { $0.string("username") } == ["eve0", "eve1"])
            #expect(first["total"] == nil && first.items.allSatisfy { $0["email"] == nil })
            let cursor = try #require(first.string("next"))
            let second = await api.call(.get, "/users?query=EVE&limit=2&cursor=\(cursor)", as: ada.token)
            #expect(second.items.map { $0.string("username") } == ["eve2", "eve3"])
            let third = await api.call(.get, "/users?query=eve&limit=2&page=3", as: ada.token)
            #expect(third.items.map { $0.string("username") } == ["eve4"])
            #expect(third.integer("total") == 5 && third.integer("page") == 3 && third.integer("pages") == 3)
            let late = await api.call(.get, "/users?query=eve&limit=3&page=3334", as: ada.token)
            #expect(late.status == 200 && late.items.isEmpty && late.integer("total") == 5)
            for path in ["limit=3&page=3335", "limit=100&page=101", "page=9007199254740991"] {
                let beyond = await api.call(.get, "/users?query=eve&\(path)", as: ada.token)
                #expect(beyond.status == 400 && beyond.code == "limit_exceeded", "\(path)")
            }
            #expect(await api.call(.get, "/users?limit=10", as: ada.token).items.count == 6)
            #expect(await api.call(.get, "/users?query=%00", as: ada.token).code == "invalid_value")
            let long = String(repeating: "x", count: 101)
            #expect(await api.call(.get, "/users?query=\(long)", as: ada.token).code == "invalid_value")
            #expect(await api.call(.get, "/users?q=eve", as: ada.token).code == "unknown_field")
            #expect(await api.call(.get, "/users?query=eve&page=1&cursor=x", as: ada.token).code == "invalid_value")
        }
    }

    @Test func `settings are read and changed`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let defaults = #"{"notifications":"all","last_seen":"everyone","read_receipts":true}"#
            #expect(await api.call(.get, "/users/me/settings", as: ada.token).text == defaults)
            let changed = #"{"notifications":"none","last_seen":"contacts","read_receipts":false}"#
            #expect(await api.call(.put, "/users/me/settings", as: ada.token, json: changed).text == changed)
            _ = await api.call(.put, "/users/me/settings", as: ada.token, json: #"{"read_receipts":true}"#)
            let last = await api.call(.get, "/users/me/settings", as: ada.token)
            #expect(last.text == #"{"notifications":"none","last_seen":"contacts","read_receipts":true}"#)
            for (fields, code) in [
                (#"{"last_seen":"friends"}"#, "invalid_value"), (#"{"theme":"dark"}"#, "unknown_field"),
                (#"{"read_receipts":"no"}"#, "invalid_value"),
            ] {
                #expect(await api.call(.put, "/users/me/settings", as: ada.token, json: fields).code == code)
            }
        }
    }

    @Test(arguments: ["/users/me/contacts", "/users/me/blocks"])
    func `contacts and blocks are put, listed and deleted`(path: String) async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            #expect(await api.call(.put, "\(path)/\(bob.id)", as: ada.token).status == 204)
            #expect(await api.call(.put, "\(path)/\(bob.id)", as: ada.token).status == 204)
            #expect(await api.call(.get, path, as: ada.token).integers("user_id") == [bob.id])
            #expect(await api.call(.get, path, as: bob.token).items.isEmpty)
            #expect(await api.call(.put, "\(path)/\(ada.id)", as: ada.token).code == "invalid_value")
            #expect(await api.call(.put, "\(path)/999", as: ada.token).code == "user_not_found")
            #expect(await api.call(.delete, "\(path)/\(bob.id)", as: ada.token).status == 204)
            #expect(await api.call(.delete, "\(path)/\(bob.id)", as: ada.token).status == 204)
            #expect(await api.call(.get, path, as: ada.token).items.isEmpty)
        }
    }

    @Test func `a block is 403 in the direct chat and where one would be opened, and shows nowhere else`() async throws
    {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let direct = #"{"type":"direct","participant_ids":[\#(bob.id)]}"#
            let chat = await api.call(.post, "/chats", as: ada.token, json: direct).integer("chat_id") ?? 0
            #expect(await api.send("hello", to: chat, as: ada).status == 201)
            #expect(await api.call(.put, "/users/me/blocks/\(ada.id)", as: bob.token).status == 204)
            for person in [ada, bob] {
                let answer = await api.send("hello", to: chat, as: person)
                #expect(answer.status == 403 && answer.code == "blocked")
                #expect(await api.call(.get, "/chats/\(chat)/messages", as: person.token).items.count == 1)
            }
            let again = await api.call(.post, "/chats", as: ada.token, json: direct)
            #expect(again.status == 403 && again.code == "blocked")
            let group = #"{"type":"group","name":"room","participant_ids":[\#(bob.id)]}"#
            #expect(await api.call(.post, "/chats", as: ada.token, json: group).code == "blocked")
            let profile = await api.call(.get, "/users/\(bob.id)", as: ada.token)
            #expect(profile.status == 200 && profile["last_seen"] == .null)
            #expect(await api.call(.get, "/users?query=bob", as: ada.token).items.isEmpty)
            #expect(await api.call(.delete, "/users/me/blocks/\(ada.id)", as: bob.token).status == 204)
            #expect(await api.send("hello", to: chat, as: ada).status == 201)
        }
    }

    @Test func `what two people see of each other changes with the first block between them, and with its end`()
        async throws
    {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let (adas, bobs) = ("/users/me/blocks/\(bob.id)", "/users/me/blocks/\(ada.id)")
            // They are in no chat together, and never saw each other.
            #expect(await api.call(.put, adas, as: ada.token).status == 204)
            #expect(api.blocks.changes.isEmpty)
            #expect(await api.call(.delete, adas, as: ada.token).status == 204)
            _ = await api.group(ada, bob)
            api.blocks.changes = []
            for (path, person) in [(adas, ada), (adas, ada), (bobs, bob)] {
                #expect(await api.call(.put, path, as: person.token).status == 204)
            }
            let pair: Set = [UserID(rawValue: ada.id), UserID(rawValue: bob.id)]
            let beginning = BlockLog.Change(users: pair, before: pair.filter { $0.rawValue.isMultiple(of: 2) })
            #expect(beginning.before?.count == 1 && api.blocks.changes == [beginning])
            for (path, person) in [(adas, ada), (adas, ada), (bobs, bob)] {
                #expect(await api.call(.delete, path, as: person.token).status == 204)
            }
            let end = BlockLog.Change(users: pair)
            #expect(api.blocks.changes == [beginning, end, end])
        }
    }

    @Test func `where it is not known whether a block began or ended, the two are told what is so`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let path = "/users/me/blocks/\(bob.id)"
            let pair: Set = [UserID(rawValue: ada.id), UserID(rawValue: bob.id)]
            let before = pair.filter { $0.rawValue.isMultiple(of: 2) }
            for (outcome, changes) in [
                (
                    StoreError.Outcome.unknown,
                    [BlockLog.Change(users: pair, before: before), BlockLog.Change(users: pair)]
                ),
                (.retryable, []),
            ] {
                api.blocks.changes = []
                api.stores.database.outage = StoreError(.postgres, outcome, "away")
                for method in [HTTPMethod.put, .delete] {
                    #expect(await api.call(method, path, as: ada.token).status == 503)
                }
                #expect(api.blocks.changes == changes)
                api.stores.database.outage = nil
            }
        }
    }
}

import Domain
import JSON
import Support
import Testing
import Web

@Suite struct ChatRoutesTests {
    @Test func `a group is made, seen by its members and by nobody else`() async throws {
        try await withAPI { api in
            let (ada, bob, eve) = (await api.person("ada"), await api.person("bob"), await api.person("eve"))
            let fields = #"{"type":"group","name":"room","description":"d","participant_ids":[\#(bob.id),\#(bob.id)]}"#
            let made = await api.call(.post, "/chats", as: ada.token, json: fields)
            #expect(made.status == 201)
            #expect(made.string("type") == "group" && made.string("name") == "room")
            #expect(made.integer("participant_count") == 2)
            #expect(made.integer("last_offset") == 1 && made.integer("last_seq") == 0)
            let id = try #require(made.integer("chat_id"))
            for person in [ada, bob] {
                let seen = await api.call(.get, "/chats/\(id)", as: person.token)
                #expect(seen.status == 200)
                guard case .object(let my)? = seen["my"] else { throw Unexpected() }
                #expect(my["role"] == .string(person.id == ada.id ? "owner" : "member"))
            }
            let refused = await api.call(.get, "/chats/\(id)", as: eve.token)
            let missing = await api.call(.get, "/chats/\(id + 100)", as: eve.token)
            #expect(refused.status == 404 && refused.code == "chat_not_found")
            #expect(refused.string("detail") == missing.string("detail") && refused.code == missing.code)
            #expect(await api.call(.get, "/chats/\(id)/participants", as: eve.token).code == "chat_not_found")
        }
    }

    @Test func `a group may have no name, and its description several lines`() async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let fields = #"{"type":"group","description":"one\n\ttwo","participant_ids":[]}"#
            let made = await api.call(.post, "/chats", as: ada.token, json: fields)
            #expect(made.status == 201 && made["name"] == .null && made.string("description") == "one\n\ttwo")
            let chat = try #require(made.integer("chat_id"))
            for name in ["room", nil] {
                let text = name.map { "\"\($0)\"" } ?? "null"
                let changed = await api.call(.patch, "/chats/\(chat)", as: ada.token, json: #"{"name":\#(text)}"#)
                #expect(changed.status == 200 && changed.string("name") == name)
            }
            // Each of its characters takes twelve bytes of a body.
            let long = String(repeating: #"\ud83d\ude00"#, count: 2_000)
            let described = await api.call(
                .patch,
                "/chats/\(chat)",
                as: ada.token,
                json: #"{"description":"\#(long)"}"#
            )
            #expect(described.string("description") == String(repeating: "😀", count: 2_000))
        }
    }

    @Test func `a pair has one direct chat`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let first = await api.call(
                .post,
                "/chats",
                as: ada.token,
                json: #"{"type":"direct","participant_ids":[\#(bob.id)]}"#
            )
            let second = await api.call(
                .post,
                "/chats",
                as: bob.token,
                json: #"{"type":"direct","participant_ids":[\#(ada.id)]}"#
            )
            #expect(first.status == 201)
            #expect(second.status == 200)
            #expect(first.integer("chat_id") == second.integer("chat_id"))
            let leave = await api.call(.delete, "/chats/\(first.integer("chat_id") ?? 0)", as: ada.token)
            #expect(leave.status == 403 && leave.code == "forbidden")
        }
    }

    @Test(arguments: [
        (#"{"type":"group","name":"","participant_ids":[]}"#, 422, "empty"),
        (#"{"type":"group","name":"a\nb","participant_ids":[]}"#, 422, "invalid_content"),
        (#"{"type":"group","description":"a\u0007b","participant_ids":[]}"#, 422, "invalid_content"),
        (#"{"type":"party","name":"x","participant_ids":[]}"#, 400, "invalid_value"),
        (#"{"type":"group","name":"x"}"#, 400, "invalid_value"),
        (#"{"type":"group","name":"x","participant_ids":["1"]}"#, 400, "invalid_value"),
        (#"{"type":"group","name":"x","participant_ids":[0]}"#, 400, "invalid_value"),
        (#"{"type":"group","name":"x","participant_ids":[9007199254740992]}"#, 400, "invalid_value"),
        (#"{"type":"group","name":"x","participant_ids":[9007199254740991]}"#, 404, "user_not_found"),
        (#"{"type":"group","name":"x","participant_ids":[999]}"#, 404, "user_not_found"),
        (#"{"type":"group","name":"x","participant_ids":[2,3,4,5]}"#, 400, "limit_exceeded"),
        (#"{"type":"direct","participant_ids":[1]}"#, 400, "invalid_value"),
        (#"{"type":"group","name":"x","participant_ids":[],"created_by":2}"#, 400, "unknown_field"),
        (#"{"type":"group","name":"\#(String(repeating: "n", count: 201))","participant_ids":[]}"#, 422, "too_long"),
        (#"{"type":"group","name":"a\u0000b","participant_ids":[]}"#, 400, "invalid_json"),
    ])
    func `a chat that will not do is refused and not made`(fields: String, status: Int, code: String) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let answer = await api.call(.post, "/chats", as: ada.token, json: fields)
            #expect(answer.status == status)
            #expect(answer.code == code)
            #expect(await api.call(.get, "/chats", as: ada.token).items.isEmpty)
        }
    }

    @Test func `chats are listed by their latest activity, by cursor and by page`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            var ids: [Int64] = []
            for _ in 0..<5 {
                api.advance(seconds: 1)
                ids.append(await api.group(ada, bob))
            }
            api.advance(seconds: 1)
            await api.send("latest", to: ids[0], as: bob)
            let order = [ids[0], ids[4], ids[3], ids[2], ids[1]]
            let first = await api.call(.get, "/chats?limit=2", as: ada.token)
            #expect(first.integers("chat_id") == Array(order[..<2]))
            #expect(first.integer("limit") == 2)
            #expect(first["total"] == nil)
            guard case .object(let last)? = first.items[0]["last_message"] else { throw Unexpected() }
            #expect(last["content"] == .string("latest"))
            #expect(first.items[1]["last_message"] == .null)
            let next = try #require(first.string("next"))
            let second = await api.call(.get, "/chats?limit=3&cursor=\(next)", as: ada.token)
            #expect(second.integers("chat_id") == Array(order[2...]))
            #expect(second["next"] == .null)
            let page = await api.call(.get, "/chats?limit=2&page=3", as: ada.token)
            #expect(page.integers("chat_id") == [order[4]])
            #expect(page.integer("total") == 5 && page.integer("page") == 3 && page.integer("pages") == 3)
            let beyond = await api.call(.get, "/chats?page=9007199254740991", as: ada.token)
            #expect(beyond.status == 200 && beyond.items.isEmpty)
        }
    }

    @Test(arguments: [
        ("limit=101", "limit_exceeded"), ("limit=0", "invalid_value"), ("limit=x", "invalid_value"),
        ("limit=+5", "invalid_value"), ("page=0", "invalid_value"), ("page=1&cursor=1.1", "invalid_value"),
        ("cursor=nonsense", "invalid_value"), ("offset=3", "unknown_field"), ("limit=1&limit=2", "invalid_value"),
        ("limit=%zz", "invalid_value"),
    ])
    func `a list refuses what it does not know`(query: String, code: String) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let answer = await api.call(.get, "/chats?\(query)", as: ada.token)
            #expect(answer.status == 400)
            #expect(answer.code == code)
        }
    }

    @Test func `participants come in the order of joining, page by page`() async throws {
        try await withAPI { api in
            let people = [await api.person("ada"), await api.person("bob"), await api.person("cyd")]
            let chat = await api.group(people[0], people[1], people[2])
            let first = await api.call(.get, "/chats/\(chat)/participants?limit=2", as: people[2].token)
            #expect(first.integers("user_id") == people[..<2].map(\.id))
            #expect(first.items[0]["role"] == .string("owner"))
            #expect(first.items[0]["username"] == .string("ada"))
            let next = try #require(first.string("next"))
            let second = await api.call(.get, "/chats/\(chat)/participants?cursor=\(next)", as: people[2].token)
            #expect(second.integers("user_id") == [people[2].id])
            #expect(second["next"] == .null)
        }
    }

    @Test func `taking several in goes on where it was refused, and who was removed meanwhile stays so`() async throws {
        try await withAPI { api in
            let (ada, eve) = (await api.person("ada"), await api.person("eve"))
            let added = [await api.person("bob"), await api.person("cyd"), await api.person("dan")]
            let chat = await api.group(ada, eve)
            func add() async -> Answer {
                let ids = added.map { String($0.id) }.joined(separator: ",")
                return await api.call(
                    .post,
                    "/chats/\(chat)/participants",
                    as: ada.token,
                    json: #"{"user_ids":[\#(ids)]}"#,
                    headers: [("Idempotency-Key", "8f14e45f-ceea-467f-a8f5-4d3c1a2b9e10")]
                )
            }
            #expect(await add().code == "limit_exceeded")
            for person in [eve, added[0]] {
                let path = "/chats/\(chat)/participants/\(person.id)"
                #expect(await api.call(.delete, path, as: ada.token).status == 204)
            }
            let again = await add()
            #expect(again.status == 201 && again.integers("user_id") == added[1...].map(\.id))
            let repeated = await add()
            #expect(repeated.status == 200 && repeated.integers("user_id") == added[1...].map(\.id))
        }
    }

    @Test func `who left is a stranger, and the last owner stays while others do`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            let refused = await api.call(.delete, "/chats/\(chat)", as: ada.token)
            #expect(refused.status == 409 && refused.code == "last_owner")
            #expect(await api.call(.delete, "/chats/\(chat)", as: bob.token).status == 204)
            #expect(await api.call(.get, "/chats/\(chat)", as: bob.token).code == "chat_not_found")
            #expect(await api.call(.delete, "/chats/\(chat)", as: bob.token).code == "chat_not_found")
            #expect(await api.send("x", to: chat, as: bob).code == "chat_not_found")
            #expect(await api.call(.delete, "/chats/\(chat)", as: ada.token).status == 204)
            #expect(await api.call(.get, "/chats", as: ada.token).items.isEmpty)
        }
    }
}

/// A test saw what it did not expect.
struct Unexpected: Error {}

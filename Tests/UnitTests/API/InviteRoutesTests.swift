import Domain
import JSON
import Support
import Testing
import Web

@Suite struct InviteRoutesTests {
    @Test func `an invite lets somebody in, and is told to owners and admins alone`() async throws {
        try await withAPI { api in
            let (ada, bob, eve) = (await api.person("ada"), await api.person("bob"), await api.person("eve"))
            let chat = await api.group(ada, bob)
            let path = "/chats/\(chat)/invites"
            let made = await api.call(.post, path, as: ada.token, json: #"{"max_uses":1,"expires_in":60}"#)
            #expect(made.status == 201 && made.headers.values(of: "Cache-Control") == ["no-store"])
            let code = try #require(made.string("code"))
            // 18 bytes in base64url.
            #expect(code.utf8.count == 24)
            #expect(made.integer("chat_id") == chat && made.integer("created_by") == ada.id)
            #expect(made.integer("max_uses") == 1 && made.integer("uses") == 0)
            #expect(made.string("expires_at") == "2026-01-01T00:01:00.000Z")
            #expect(await api.call(.get, path, as: bob.token).code == "forbidden")
            #expect(await api.call(.get, path, as: eve.token).code == "chat_not_found")

            let joined = await api.call(.post, "/chats/\(chat)/join", as: eve.token, json: #"{"invite":"\#(code)"}"#)
            #expect(joined.status == 201 && joined.integer("chat_id") == chat)
            #expect(joined.integer("participant_count") == 3)
            let again = await api.call(.post, "/chats/\(chat)/join", as: eve.token, json: #"{"invite":"\#(code)"}"#)
            #expect(again.status == 200 && again.integer("participant_count") == 3)
            let list = await api.call(.get, path, as: ada.token)
            #expect(list.status == 200 && list.integers("uses") == [1] && list["next"] == .null)

            let plain = await api.call(.post, path, as: ada.token)
            #expect(plain.status == 201 && plain["expires_at"] == .null && plain["max_uses"] == .null)
            let other = try #require(plain.string("code"))
            #expect(await api.call(.delete, "\(path)/\(other)", as: bob.token).code == "forbidden")
            #expect(await api.call(.delete, "\(path)/\(other)", as: ada.token).status == 204)
            let gone = await api.call(.delete, "\(path)/\(other)", as: ada.token)
            #expect(gone.status == 404 && gone.code == "not_found")
        }
    }

    @Test func `what is wrong with an invite is told to nobody`() async throws {
        try await withAPI { api in
            let (ada, eve) = (await api.person("ada"), await api.person("eve"))
            let chat = await api.group(ada)
            let ended = await api.call(.post, "/chats/\(chat)/invites", as: ada.token, json: #"{"expires_in":5}"#)
            api.advance(seconds: 6)
            let long = String(repeating: "x", count: 5_000)
            var answers: [Answer] = []
            for code in [ended.string("code") ?? "", "unknown", "", long] {
                let body = #"{"invite":"\#(code)"}"#
                answers.append(await api.call(.post, "/chats/\(chat)/join", as: eve.token, json: body))
                answers.append(await api.call(.post, "/chats/99999/join", as: eve.token, json: body))
            }
            answers.append(await api.call(.post, "/chats/\(chat)/join", as: eve.token))
            answers.append(await api.call(.post, "/chats/\(chat)/join", as: eve.token, json: #"{"invite":null}"#))
            #expect(Set(answers.map(\.status)) == [404] && Set(answers.map(\.code)) == ["chat_not_found"])
            #expect(Set(answers.map { $0.string("detail") }).count == 1)
        }
    }

    @Test func `a public chat is joined without an invite, up to its limit`() async throws {
        try await withAPI { api in
            var people: [Person] = []
            for name in ["ada", "bob", "cyd", "dee", "eve"] { people.append(await api.person(name)) }
            let fields = #"{"type":"group","name":"open","visibility":"public","participant_ids":[]}"#
            let chat = await api.call(.post, "/chats", as: people[0].token, json: fields).integer("chat_id") ?? 0
            for person in people[1...3] {
                #expect(await api.call(.post, "/chats/\(chat)/join", as: person.token, json: "{}").status == 201)
            }
            let full = await api.call(.post, "/chats/\(chat)/join", as: people[4].token)
            #expect(full.status == 400 && full.code == "limit_exceeded")
            let owner = await api.call(.delete, "/chats/\(chat)", as: people[0].token)
            #expect(owner.status == 409 && owner.code == "last_owner")
            #expect(owner.string("detail")?.contains("role owner") == true)
            let promoted = await api.call(
                .patch,
                "/chats/\(chat)/participants/\(people[1].id)",
                as: people[0].token,
                json: #"{"role":"owner"}"#
            )
            #expect(promoted.status == 200)
            #expect(await api.call(.delete, "/chats/\(chat)", as: people[0].token).status == 204)
            // The last member may leave too, and then there is nothing to come back to.
            for person in people[2...3] + people[1...1] {
                #expect(await api.call(.delete, "/chats/\(chat)", as: person.token).status == 204)
            }
            #expect(await api.call(.post, "/chats/\(chat)/join", as: people[0].token).code == "chat_not_found")
        }
    }

    @Test(arguments: [
        (#"{"expires_in":0}"#, "invalid_value"), (#"{"expires_in":31622401}"#, "invalid_value"),
        (#"{"expires_in":"60"}"#, "invalid_value"), (#"{"max_uses":0}"#, "invalid_value"),
        (#"{"max_uses":100001}"#, "invalid_value"), (#"{"expires_at":"soon"}"#, "invalid_value"),
        (#"{"expires_at":"2025-12-31T23:59:59Z"}"#, "invalid_value"),
        (#"{"expires_in":60,"expires_at":"2027-01-01T00:00:00Z"}"#, "invalid_value"),
        (#"{"code":"abc"}"#, "unknown_field"), (#"{"uses":-5}"#, "unknown_field"),
    ])
    func `an invite that will not do is refused and not made`(fields: String, code: String) async throws {
        try await withAPI { api in
            let ada = await api.person("ada")
            let chat = await api.group(ada)
            let answer = await api.call(.post, "/chats/\(chat)/invites", as: ada.token, json: fields)
            #expect(answer.status == 400 && answer.code == code)
            #expect(await api.call(.get, "/chats/\(chat)/invites", as: ada.token).items.isEmpty)
        }
    }
}

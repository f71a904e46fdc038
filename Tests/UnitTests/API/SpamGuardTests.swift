import Domain
import Messaging
import Support
import Testing
import Web

@testable import API

/// Messages judged, through the routes.
@Suite struct SpamGuardTests {
    private static func options(_ change: (inout SpamRules) -> Void) -> APIOptions {
        var rules = SpamRules(repetitions: 1_000, messages: 1_000, links: 1_000)
        change(&rules)
        return APIOptions(spam: rules)
    }

    private static func send(
        _ api: APIHarness,
        _ text: String,
        to chat: Int64,
        as person: Person,
        id: String? = nil
    ) async -> Answer {
        let key = id.map { #","client_msg_id":"\#($0)""# } ?? ""
        return await api.call(
            .post,
            "/chats/\(chat)/messages",
            as: person.token,
            json: #"{"content":"\#(text)"\#(key)}"#
        )
    }

    private static func uuid(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }

    @Test func `the same text too often is refused over all chats, however it is dressed`() async throws {
        try await withAPI(Self.options { $0.repetitions = 3 }) { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let (one, other) = (await api.group(ada, bob), await api.group(ada, bob))
            #expect(await Self.send(api, "Buy now", to: one, as: ada).status == 201)
            #expect(await Self.send(api, "BUY NOW!!", to: other, as: ada).status == 201)
            #expect(await Self.send(api, "buy... now", to: one, as: ada).status == 201)
            let refused = await Self.send(api, "Buy now", to: other, as: ada)
            #expect(refused.status == 429 && refused.code == "rate_limited")
            #expect(refused.string("detail")?.contains("same text more than 3 times in 60 seconds") == true)
            #expect(refused.headers["Retry-After"] == "60")
            #expect(await Self.send(api, "something else", to: one, as: ada).status == 201)
            #expect(await Self.send(api, "Buy now", to: one, as: bob).status == 201)
            api.stores.limits.now += 60_000_000
            #expect(await Self.send(api, "Buy now", to: one, as: ada).status == 201)
        }
    }

    @Test func `a flood is refused until it has ebbed`() async throws {
        try await withAPI(Self.options { $0.messages = 5 }) { api in
            let ada = await api.person("ada")
            let room = await api.group(ada)
            for number in 1...5 { #expect(await Self.send(api, "\(number)", to: room, as: ada).status == 201) }
            let refused = await Self.send(api, "6", to: room, as: ada)
            #expect(refused.status == 429 && refused.headers["Retry-After"] == "2")
            #expect(refused.string("detail")?.contains("more than 5 messages in 10 seconds") == true)
            api.stores.limits.now += 2_000_000
            #expect(await Self.send(api, "6", to: room, as: ada).status == 201)
            #expect(await Self.send(api, "7", to: room, as: ada).status == 429)
        }
    }

    @Test func `new accounts may send few links, and as many as they like once they are older`() async throws {
        try await withAPI(Self.options { $0.links = 2 }) { api in
            var ada = await api.person("ada")
            let room = await api.group(ada)
            for number in 1...2 {
                #expect(await Self.send(api, "see www.example.org/\(number)", to: room, as: ada).status == 201)
            }
            let refused = await Self.send(api, "see https://example.org/3", to: room, as: ada)
            #expect(refused.status == 429 && refused.headers["Retry-After"] == "1800")
            #expect(refused.string("detail")?.contains("a new account may send 2 links in 3600 seconds") == true)
            #expect(await Self.send(api, "no link at all", to: room, as: ada).status == 201)
            api.advance(seconds: 86_400)
            let login = await api.logIn("ada")
            ada = Person(id: ada.id, token: login.string("access_token") ?? "", refreshToken: "")
            for number in 4...9 {
                #expect(await Self.send(api, "https://example.org/\(number)", to: room, as: ada).status == 201)
            }
        }
    }

    @Test func `a retry is not counted, and what was stored gets its first answer however long ago`() async throws {
        try await withAPI(Self.options { $0.repetitions = 2 }) { api in
            let ada = await api.person("ada")
            let room = await api.group(ada)
            #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(1)).status == 201)
            for _ in 0..<5 { #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(1)).status == 200) }
            #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(2)).status == 201)
            #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(3)).status == 429)
            #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(1)).status == 200)
            // The store of counts has forgotten the first by now, and is full again.
            api.stores.limits.now += 60_000_000
            #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(4)).status == 201)
            #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(5)).status == 201)
            #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(1)).status == 200)
            #expect(await Self.send(api, "hello", to: room, as: ada, id: Self.uuid(6)).status == 429)
        }
    }

    @Test func `a forward counts in each chat, and is sent to all of them or to none`() async throws {
        try await withAPI(Self.options { $0.repetitions = 3 }) { api in
            let ada = await api.person("ada")
            var rooms: [Int64] = []
            for _ in 0..<3 { rooms.append(await api.group(ada)) }
            let said = await Self.send(api, "news", to: rooms[0], as: ada)
            let path = "/messages/\(said.string("message_id") ?? "")/forward"
            let all = #"{"chat_ids":[\#(rooms.map(String.init).joined(separator: ","))]}"#
            #expect(await api.call(.post, path, as: ada.token, json: all).status == 429)
            for room in rooms.dropFirst() {
                #expect(await api.call(.get, "/chats/\(room)/messages", as: ada.token).items.isEmpty)
            }
            let two = #"{"chat_ids":[\#(rooms[1]),\#(rooms[2])]}"#
            let key = [("Idempotency-Key", "forward-1")]
            #expect(await api.call(.post, path, as: ada.token, json: two, headers: key).status == 201)
            #expect(await api.call(.post, path, as: ada.token, json: two, headers: key).status == 200)
        }
    }

    @Test func `a link that a young account brings in by an edit counts as one sent`() async throws {
        try await withAPI(Self.options { $0.links = 2 }) { api in
            let ada = await api.person("ada")
            let room = await api.group(ada)
            let id = await Self.send(api, ".", to: room, as: ada).string("message_id") ?? ""
            func edit(_ text: String, key: Int) async -> Int {
                let headers = [("Idempotency-Key", Self.uuid(key))]
                let json = #"{"content":"\#(text)"}"#
                return await api.call(.put, "/messages/\(id)", as: ada.token, json: json, headers: headers).status
            }
            #expect(await edit("https://example.org/1", key: 1) == 200)
            #expect(await edit("https://example.org/2", key: 2) == 200)
            #expect(await edit("https://example.org/2", key: 2) == 200)
            #expect(await edit("https://example.org/3", key: 3) == 429)
            #expect(await Self.send(api, "https://example.org/3", to: room, as: ada).status == 429)
            #expect(await edit("no link at all", key: 4) == 200)
        }
    }

    @Test func `edits without links are not judged`() async throws {
        try await withAPI(Self.options { $0.repetitions = 1 }) { api in
            let ada = await api.person("ada")
            let room = await api.group(ada)
            let id = await Self.send(api, "once", to: room, as: ada).string("message_id") ?? ""
            for text in ["a", "b", "a", "b"] {
                let edit = await api.call(.put, "/messages/\(id)", as: ada.token, json: #"{"content":"\#(text)"}"#)
                #expect(edit.status == 200)
            }
        }
    }

    @Test func `without the store of counts everything passes`() async throws {
        try await withAPI(Self.options { $0.repetitions = 1 }) { api in
            let ada = await api.person("ada")
            let room = await api.group(ada)
            api.stores.limits.conduct = .fails(StoreError(.redis, .unknown, "away"))
            for _ in 0..<5 { #expect(await Self.send(api, "hello", to: room, as: ada).status == 201) }
        }
    }
}

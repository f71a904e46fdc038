import Domain
import JSON
import Messaging
import Support
import Testing
import Web

/// How many chats somebody may be in.
@Suite struct ChatCountLimitTests {
    private static let limit = 5_000

    @Test func `nobody comes into one chat more than one may be in, by whatever way, and nothing changes`() async throws
    {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let room = await api.group(ada)
            let fields = #"{"type":"group","name":"open","visibility":"public","participant_ids":[]}"#
            let open = await api.call(.post, "/chats", as: ada.token, json: fields).integer("chat_id") ?? 0
            let invite = await api.call(.post, "/chats/\(room)/invites", as: ada.token).string("code") ?? ""
            try await Self.seed(Self.limit - 1, of: bob, in: api)

            func make(_ type: String, by founder: Person, with other: Person?) async -> Answer {
                let others = other.map { "\($0.id)" } ?? ""
                let name = type == "group" ? #""name":"room","# : ""
                let fields = #"{"type":"\#(type)",\#(name)"participant_ids":[\#(others)]}"#
                return await api.call(.post, "/chats", as: founder.token, json: fields)
            }
            func join(_ chat: Int64, _ fields: String) async -> Answer {
                await api.call(.post, "/chats/\(chat)/join", as: bob.token, json: fields)
            }
            func count(of person: Person) async -> Int64? {
                await api.call(.get, "/chats?page=1&limit=1", as: person.token).integer("total")
            }
            func state() async -> [Int64?] {
                var numbers = [await count(of: ada), await count(of: bob)]
                for chat in [room, open] {
                    let answer = await api.call(.get, "/chats/\(chat)", as: ada.token)
                    numbers += [answer.integer("last_offset"), answer.integer("participant_count")]
                }
                let invites = await api.call(.get, "/chats/\(room)/invites", as: ada.token)
                for uses in invites.integers("uses") { numbers.append(uses) }
                return numbers
            }

            let last = await make("group", by: ada, with: bob)
            #expect(last.status == 201)
            let full = await state()
            #expect(await count(of: bob) == 5_000)
            let addition = #"{"user_ids":[\#(bob.id)]}"#
            let refused = [
                await make("group", by: ada, with: bob), await make("group", by: bob, with: nil),
                await make("direct", by: ada, with: bob), await make("direct", by: bob, with: ada),
                await api.call(.post, "/chats/\(room)/participants", as: ada.token, json: addition),
                await join(room, #"{"invite":"\#(invite)"}"#), await join(open, "{}"),
            ]
            for (index, answer) in refused.enumerated() {
                #expect(answer.status == 400 && answer.code == "limit_exceeded", "way \(index): \(answer.text)")
            }
            let after = await state()
            #expect(after == full)

            let left = await api.call(.delete, "/chats/\(last.integer("chat_id") ?? 0)", as: bob.token)
            #expect(left.status == 204)
            // Of the refused direct chat nothing is left that a second asking could find.
            #expect(await make("direct", by: ada, with: bob).status == 201)
            #expect(await join(room, #"{"invite":"\#(invite)"}"#).code == "limit_exceeded")
        }
    }

    /// Founds so many groups of one past the routes, which would take long for thousands.
    private static func seed(_ count: Int, of person: Person, in api: APIHarness) async throws {
        let draft = ChatDraft(type: .group, name: "one of many", participants: [])
        let log = api.stores.log
        for start in stride(from: 0, to: count, by: 500) {
            var operations: [Operation] = []
            for _ in start..<min(start + 500, count) {
                let chat = try await log.nextChatID()
                let founder = UserID(rawValue: person.id)
                operations.append(
                    OperationCodec.operation(chat: chat, actor: founder, id: .random(), body: .createChat(draft))
                )
            }
            let batch = BatchID.random()
            _ = try await log.commit(batch, operations, dropping: [], wait: true)
            try await log.drop([batch])
        }
    }
}

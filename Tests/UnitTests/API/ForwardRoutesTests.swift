import Domain
import JSON
import Support
import Testing
import Web

@Suite struct ForwardRoutesTests {
    private static let image = #"""
        {"content":"look","type":"image","attachments":[\#(MessageFieldsTests.attachment)],
        "mentions":[{"kind":"all"}],"reply_to":"CHAT-1","thread_root":"CHAT-1"}
        """#

    @Test func `a message is forwarded as an ordinary one, without what ties it to its chat`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let (from, first, second) = (await api.group(ada, bob), await api.group(bob), await api.group(bob, ada))
            await api.send("root", to: from, as: ada)
            let fields = Self.image.replacing("CHAT", with: "\(from)")
            let original = await api.call(.post, "/chats/\(from)/messages", as: ada.token, json: fields)
            #expect(original.status == 201)
            func forward() async -> Answer {
                let headers = [("Idempotency-Key", "f-1")]
                let targets = #"{"chat_ids":[\#(second),\#(first),\#(from)]}"#
                let path = "/messages/\(from)-2/forward"
                return await api.call(.post, path, as: bob.token, json: targets, headers: headers)
            }
            let answer = await forward()
            #expect(answer.status == 201)
            #expect(answer.items.map { $0.string("message_id") } == ["\(second)-1", "\(first)-1", "\(from)-3"])
            for item in answer.items {
                #expect(item.string("content") == "look" && item.string("type") == "image")
                #expect(item.integer("sender_id") == bob.id && item.objects("attachments").count == 1)
                #expect(item["reply_to"] == .null && item["thread_root"] == .null && item.objects("mentions").isEmpty)
                #expect(item["duplicate"] == nil)
            }
            let again = await forward()
            #expect(again.status == 200 && again.items.allSatisfy { $0.bool("duplicate") == true })
            #expect(again.items.map { $0.integer("offset") } == answer.items.map { $0.integer("offset") })
            #expect(await api.call(.get, "/chats/\(first)/messages", as: bob.token).integers("seq") == [1])
        }
    }

    @Test func `nothing is sent unless the caller is in all of the chats and may read the message`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let (shared, own, foreign) = (await api.group(ada, bob), await api.group(bob), await api.group(ada))
            for text in ["1", "2", "3"] { await api.send(text, to: shared, as: ada) }
            await api.send("x", to: foreign, as: ada)
            _ = await api.call(.delete, "/messages/\(shared)-2", as: ada.token)
            _ = await api.call(.put, "/messages/\(shared)-3/hidden", as: bob.token)
            let many = (1...21).map { "\($0)" }.joined(separator: ",")
            for (id, chats, code) in [
                ("\(shared)-1", "[\(own),\(foreign)]", "chat_not_found"),
                ("\(shared)-1", "[\(own),4711]", "chat_not_found"),
                ("\(foreign)-1", "[\(own)]", "chat_not_found"), ("\(shared)-2", "[\(own)]", "message_not_found"),
                ("\(shared)-3", "[\(own)]", "message_not_found"), ("\(shared)-9", "[\(own)]", "message_not_found"),
                ("\(shared)-1", "[\(own),\(own)]", "invalid_value"), ("\(shared)-1", "[]", "invalid_value"),
                ("\(shared)-1", "[9007199254740992]", "invalid_value"),
                ("\(shared)-1", "[0]", "invalid_value"), ("\(shared)-1", "\(own)", "invalid_value"),
                ("\(shared)-1", "[\(many)]", "limit_exceeded"),
            ] {
                let answer = await api.call(
                    .post,
                    "/messages/\(id)/forward",
                    as: bob.token,
                    json: #"{"chat_ids":\#(chats)}"#
                )
                #expect(answer.code == code, "\(id) to \(chats)")
            }
            #expect(await api.call(.get, "/chats/\(own)/messages", as: bob.token).items.isEmpty)
        }
    }

    @Test func `nothing is sent when a block has closed one of the chats`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let own = await api.group(ada)
            await api.send("look", to: own, as: ada)
            let direct = #"{"type":"direct","participant_ids":[\#(bob.id)]}"#
            let pair = await api.call(.post, "/chats", as: ada.token, json: direct).integer("chat_id") ?? 0
            #expect(await api.call(.put, "/users/me/blocks/\(ada.id)", as: bob.token).status == 204)
            let answer = await api.call(
                .post,
                "/messages/\(own)-1/forward",
                as: ada.token,
                json: #"{"chat_ids":[\#(own),\#(pair)]}"#
            )
            #expect(answer.status == 403 && answer.code == "blocked")
            #expect(await api.call(.get, "/chats/\(own)/messages", as: ada.token).integers("seq") == [1])
        }
    }
}

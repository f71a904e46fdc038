import JSON
import Support
import Testing
import Web

@testable import API

@Suite struct ReadRoutesTests {
    @Test func `reading moves the mark forward and tells what is left`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            for text in ["1", "2", "3"] { await api.send(text, to: chat, as: ada) }
            for (seq, read, unread) in [(1, 1, 2), (3, 3, 0), (2, 3, 0), (0, 3, 0)] as [(Int, Int64, Int64)] {
                let answer = await api.call(.post, "/chats/\(chat)/read", as: bob.token, json: #"{"seq":\#(seq)}"#)
                #expect(answer.status == 200 && answer.integer("chat_id") == chat)
                #expect(answer.integer("read_seq") == read && answer.integer("unread") == unread)
            }
            let list = await api.call(.get, "/chats/\(chat)/receipts?limit=1", as: ada.token)
            #expect(list.status == 200 && list.integers("user_id") == [ada.id] && list.integers("read_seq") == [0])
            let next = try #require(list.string("next"))
            let rest = await api.call(.get, "/chats/\(chat)/receipts?limit=1&cursor=\(next)", as: ada.token)
            #expect(rest.integers("user_id") == [bob.id] && rest.integers("read_seq") == [3])
            #expect(rest["next"] == .null)
        }
    }

    @Test func `what cannot be read is refused`() async throws {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada)
            await api.send("1", to: chat, as: ada)
            for (body, status, code) in [
                (#"{"seq":2}"#, 400, "invalid_value"), (#"{"seq":-1}"#, 400, "invalid_value"),
                (#"{"seq":"1"}"#, 400, "invalid_value"), ("{}", 400, "invalid_value"),
                (#"{"seq":1,"user_id":1}"#, 400, "unknown_field"),
            ] {
                let answer = await api.call(.post, "/chats/\(chat)/read", as: ada.token, json: body)
                #expect(answer.status == status && answer.code == code, "\(body)")
            }
            let stranger = await api.call(.post, "/chats/\(chat)/read", as: bob.token, json: #"{"seq":1}"#)
            #expect(stranger.status == 404 && stranger.code == "chat_not_found")
            let nowhere = await api.call(.post, "/chats/999/read", as: bob.token, json: #"{"seq":1}"#)
            #expect(nowhere.status == 404 && nowhere.code == "chat_not_found")
            let list = await api.call(.get, "/chats/\(chat)/receipts", as: bob.token)
            #expect(list.status == 404 && list.code == "chat_not_found")
            let nobody = await api.call(.post, "/chats/\(chat)/read", json: #"{"seq":1}"#)
            #expect(nobody.status == 401)
        }
    }
}

import Domain
import JSON
import Support
import Testing
import Web

@Suite struct EmojiLimitTests {
    @Test func `a message takes a hundred different emojis, and one more is refused and changes nothing`() async throws
    {
        try await withAPI { api in
            let (ada, bob) = (await api.person("ada"), await api.person("bob"))
            let chat = await api.group(ada, bob)
            let message = await api.send("popular", to: chat, as: ada).string("message_id") ?? ""
            func react(_ number: Int, as person: Person) async -> Answer {
                await api.call(.put, Self.path(number, on: message), as: person.token)
            }
            func takeBack(_ number: Int, as person: Person) async -> Answer {
                await api.call(.delete, Self.path(number, on: message), as: person.token)
            }
            func state() async -> [String] {
                let reactions = await api.call(.get, "/messages/\(message)/reactions?limit=100", as: bob.token)
                let offset = await api.call(.get, "/chats/\(chat)", as: bob.token).integer("last_offset") ?? 0
                return reactions.items.map { $0.string("emoji") ?? "" } + ["\(offset)"]
            }
            for number in 0..<100 { #expect(await react(number, as: ada).status == 200) }
            let full = await state()
            #expect(full.dropLast() == (0..<100).map(NumberedEmoji.text)[...])
            let body = #"{"emoji":"\#(NumberedEmoji.text(100))"}"#
            let refused = [
                await react(100, as: ada), await react(100, as: bob),
                await api.call(.post, "/messages/\(message)/react", as: bob.token, json: body),
            ]
            #expect(refused.allSatisfy { $0.status == 400 && $0.code == "limit_exceeded" })
            let after = await state()
            #expect(after == full)
            // One that is there is nobody's alone, and its place is free when the last has taken it back.
            #expect(await react(7, as: bob).status == 200)
            #expect(await takeBack(7, as: ada).status == 200)
            #expect(await react(100, as: bob).code == "limit_exceeded")
            #expect(await takeBack(7, as: bob).status == 200)
            #expect(await react(100, as: bob).status == 200)
            #expect(await react(7, as: ada).code == "limit_exceeded")
        }
    }

    private static func path(_ number: Int, on message: String) -> String {
        let emoji = NumberedEmoji.text(number).utf8.map { "%" + String($0, radix: 16, uppercase: true) }.joined()
        return "/messages/\(message)/reactions/\(emoji)"
    }
}

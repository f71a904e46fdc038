import DuologueClient

// Follows a chat, and says what it is told to: chat-example http://127.0.0.1:8080 USERNAME PASSWORD CHAT [TEXT ...]
let arguments = CommandLine.arguments
guard arguments.count >= 5, let number = Int64(arguments[4]) else {
    fatalError("usage: chat-example SERVER USERNAME PASSWORD CHAT [TEXT ...]")
}
let chat = DuologueClient.ChatID(rawValue: number)
let client = try await DuologueClient.login(server: arguments[1], username: arguments[2], password: arguments[3])

// Sent as soon as there is a connection, in this order, each once.
for text in arguments[5...] { _ = try await client.enqueue(.init(text), to: chat) }

for try await event in client.events {
    switch event {
    case .chat(let event):
        guard event.chat == chat, case .messageCreated(let message) = event.kind else { continue }
        print("message.new", event.offset, message.content ?? "deleted")
    case .reset(let chat, _):
        // More was missed than is told one by one: a program that shows messages fetches them anew.
        let page = try await client.messages(of: chat)
        print("missed more of chat \(chat), which now ends with:", page.items.last?.content ?? "nothing")
    default: continue
    }
}

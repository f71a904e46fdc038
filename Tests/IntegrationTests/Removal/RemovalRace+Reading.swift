import JSON
import Support
import Web

/// What somebody who comes and goes asks for over REST.
extension RemovalRace {
    /// Asks for one thing, and looks at whether it may be had.
    func read(as user: TestUser, _ random: inout SplitMix64) async throws {
        let client = client(&random)
        for _ in 0..<random.below(20) where !isOver {
            if random.chance(percent: 20) {
                try await readList(as: user, client, &random)
            } else {
                try await readChat(as: user, client, &random)
            }
            await pause(0...10, &random)
        }
    }

    /// Something of one chat: whoever is out of it gets what a stranger gets.
    private func readChat(as user: TestUser, _ client: TestClient, _ random: inout SplitMix64) async throws {
        let chat = random.pick(chats)
        let (method, path, body) = request(chat, &random)
        let key = key(user, chat)
        let before = memberships[key]
        let answer = try await client.send(method, path, body, token: user.token)
        let what = "\(method.name) \(path) of user \(user.id)"
        if answer.status >= 500, answer.status != 503 { memberships.violate("\(what): \(answer.status)") }
        // A node that had no time to answer tells nothing.
        if before.isRemoved(until: memberships[key]), answer.status != 503 {
            memberships.count("refusals")
            if answer.status != 404 || answer.code != "chat_not_found" {
                memberships.violate("\(what), removed: \(answer.status) \(answer.code ?? "")")
            }
        }
        memberships.shown(.object(answer.object), to: key, askedAt: before, what)
    }

    private func request(_ chat: Int64, _ random: inout SplitMix64) -> (HTTPMethod, String, String?) {
        let message = message(of: chat, &random)
        let gets = [
            "/chats/\(chat)", "/chats/\(chat)/messages", "/chats/\(chat)/messages?before=9", "/chats/\(chat)/draft",
            "/chats/\(chat)/messages?after=\(random.below(50))", "/chats/\(chat)/messages?around=first_unread",
            "/chats/\(chat)/events?after=\(random.below(200))", "/chats/\(chat)/participants", "/chats/\(chat)/pins",
            "/chats/\(chat)/receipts", "/chats/\(chat)/threads", "/messages/\(message)",
            "/messages/\(message)/revisions", "/messages/\(message)/reactions", "/messages/\(chat)-1/thread",
        ]
        guard random.chance(percent: 20) else { return (.get, random.pick(gets), nil) }
        return switch random.below(7) {
        case 0: (.post, "/chats/\(chat)/messages", #"{"content":"race by a mover"}"#)
        case 1: (.put, "/messages/\(message)/reactions/%F0%9F%98%80", nil)
        case 2: (.post, "/chats/\(chat)/read", #"{"seq":1}"#)
        case 3: (.put, "/messages/\(message)/saved", nil)
        case 4: (.put, "/chats/\(chat)/my", #"{"muted_until":null}"#)
        case 5: (.post, "/messages/\(message)/forward", #"{"chat_ids":[\#(chat)]}"#)
        default: (.put, "/messages/\(message)/pin", nil)
        }
    }

    /// Something of all chats: those that the user is out of are not in it.
    private func readList(as user: TestUser, _ client: TestClient, _ random: inout SplitMix64) async throws {
        var paths = ["/chats", "/unread", "/users/me/saved"]
        if operations.contains("searchMessages") { paths += ["/search/messages?q=race", "/search/messages?q=rac"] }
        let path = random.pick(paths)
        let before = chats.map { memberships[key(user, $0)] }
        let answer = try await client.send(.get, path, token: user.token)
        if answer.status >= 500, answer.status != 503 { memberships.violate("\(path): \(answer.status)") }
        for (chat, moment) in zip(chats, before) {
            let (key, value) = (key(user, chat), JSONValue.object(answer.object))
            let what = "\(path) of user \(user.id), chat \(chat)"
            if moment.isRemoved(until: memberships[key]), answer.status != 503 {
                memberships.count("absences")
                if value.mentions(chat) { memberships.violate("\(what), removed") }
            }
            memberships.shown(value, to: key, askedAt: moment, what)
        }
    }
}

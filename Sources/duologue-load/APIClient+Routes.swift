internal import Domain
internal import JSON
internal import Web

extension APIClient {
    /// Registers an account and logs it in.
    ///
    /// - Throws: as `request` does.
    func makeUser(username: String, fullName: String, password: String) async throws(LoadError) -> LoadUser {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("username")
        writer.string(username)
        writer.key("email")
        writer.string("\(username)@load.example.org")
        writer.key("password")
        writer.string(password)
        writer.key("full_name")
        writer.string(fullName)
        writer.endObject()
        let user = try await request(.post, "/auth/register", body: writer.bytes)
        let id: Int64 = try Self.field("user_id", of: user)
        let token = try await logIn(username: username, password: password)
        return LoadUser(
            id: UserID(rawValue: id),
            username: username,
            password: password,
            accessToken: token,
            server: server
        )
    }

    /// Logs in and returns the access token.
    ///
    /// - Throws: as `request` does.
    func logIn(username: String, password: String) async throws(LoadError) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("username")
        writer.string(username)
        writer.key("password")
        writer.string(password)
        writer.endObject()
        return try Self.field("access_token", of: try await request(.post, "/auth/login", body: writer.bytes))
    }

    /// Opens a group chat; returns its id.
    ///
    /// - Throws: as `request` does.
    func makeGroup(
        _ name: String,
        by founder: LoadUser,
        with others: [UserID]
    ) async throws(LoadError) -> ChatID {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string("group")
        writer.key("name")
        writer.string(name)
        writer.key("participant_ids")
        writer.beginArray()
        for user in others { writer.integer(user.rawValue) }
        writer.endArray()
        writer.endObject()
        let chat = try await request(.post, "/chats", token: founder.accessToken, body: writer.bytes)
        return ChatID(rawValue: try Self.field("chat_id", of: chat))
    }

    /// The whole history of a chat from its first message on, paged the way a client pages.
    ///
    /// - Throws: as `request` does, and `contract` where the paging does not move on.
    func history(of chat: ChatID, token: String) async throws(LoadError) -> [ArrivedMessage] {
        var messages: [ArrivedMessage] = []
        var after: Int64 = 0
        while true {
            let path = "/chats/\(chat)/messages?after=\(after)&limit=100"
            let page = try await request(.get, path, token: token)
            guard case .array(let items) = page["items"] else {
                throw LoadError(.contract, "\(path): the answer has no items")
            }
            for item in items {
                guard case .object(let object) = item, let message = ArrivedMessage(object) else {
                    throw LoadError(.contract, "\(path): an item is no message")
                }
                messages.append(message)
            }
            guard let last = messages.last?.sequence.rawValue, !items.isEmpty else { return messages }
            guard last > after else { throw LoadError(.contract, "\(path): the page does not lie after \(after)") }
            after = last
        }
    }

    private static func field<Value: JSONReadable>(
        _ name: String,
        of object: JSONObject
    ) throws(LoadError) -> Value {
        guard let value = object[name].flatMap(Value.init(json:)) else {
            throw LoadError(.contract, "the answer has no \(name)")
        }
        return value
    }
}

package import JSON
internal import Web

/// An account of a test, logged in.
package struct TestUser: Sendable {
    package let id: Int64
    package let username: String
    package let token: String
    package let refreshToken: String

    /// A login of an account.
    package init(id: Int64, username: String, token: String, refreshToken: String) {
        self.id = id
        self.username = username
        self.token = token
        self.refreshToken = refreshToken
    }

    /// What all accounts of the tests log in with.
    package static let password = "correct horse battery staple"

    /// An answer that a test cannot go on from.
    package struct Unexpected: Error {
        package let answer: TestAnswer

        package init(answer: TestAnswer) { self.answer = answer }
    }
}

extension TestClient {
    /// Registers an account under a name that begins with `name`, and logs it in.
    package func makeUser(_ name: String) async throws -> TestUser {
        let username = "\(name)-\(UInt32.random(in: 0...UInt32.max))"
        let credentials = #""username":"\#(username)","password":"\#(TestUser.password)""#
        let registered = try await send(
            .post,
            "/auth/register",
            #"{\#(credentials),"email":"\#(username)@example.org"}"#
        )
        guard registered.status == 201, let id = registered.object.integer("user_id") else {
            throw TestUser.Unexpected(answer: registered)
        }
        let login = try await send(.post, "/auth/login", "{\(credentials)}")
        guard login.status == 200, let token = login.object.string("access_token"),
            let refreshToken = login.object.string("refresh_token")
        else { throw TestUser.Unexpected(answer: login) }
        return TestUser(id: id, username: username, token: token, refreshToken: refreshToken)
    }

    /// Opens a group chat and returns its id.
    package func makeGroup(by founder: TestUser, with others: [TestUser] = []) async throws -> Int64 {
        let ids = others.map { "\($0.id)" }.joined(separator: ",")
        let body = #"{"type":"group","name":"Group","participant_ids":[\#(ids)]}"#
        let answer = try await send(.post, "/chats", body, token: founder.token)
        guard answer.status == 201, let id = answer.object.integer("chat_id") else {
            throw TestUser.Unexpected(answer: answer)
        }
        return id
    }

    /// Every message of a chat, oldest first, by paging.
    package func history(of chat: Int64, as user: TestUser) async throws -> [JSONObject] {
        var messages: [JSONObject] = []
        while true {
            let after = messages.last?.integer("seq") ?? 0
            let path = "/chats/\(chat)/messages?after=\(after)&limit=100"
            let page = try await send(.get, path, token: user.token)
            guard page.status == 200 else { throw TestUser.Unexpected(answer: page) }
            if page.items.isEmpty { return messages }
            messages += page.items
        }
    }
}

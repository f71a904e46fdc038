internal import Domain
internal import DuologueClient

/// An account made for a run, logged in.
struct LoadUser: Sendable {
    let id: UserID
    let username: String
    let password: String
    let credentials: DuologueClient.Credentials
    /// The server process this user talks to.
    let server: ServerAddress

    /// What the user's sockets show.
    var accessToken: String { credentials.accessToken }

    /// Registers an account and logs it in.
    ///
    /// - Throws: `connection`, `timeout`, `refused` or `contract`.
    static func register(
        _ username: String,
        fullName: String,
        password: String,
        on server: ServerAddress
    ) async throws(LoadError) -> LoadUser {
        do throws(DuologueError) {
            let client = try await DuologueClient.register(
                server: server.description,
                username: username,
                email: "\(username)@load.example.org",
                password: password,
                fullName: fullName
            )
            let id = try await client.me().id
            let credentials = await client.credentials
            await client.close()
            guard let credentials else { throw DuologueError(.contract, "a login without credentials") }
            return LoadUser(
                id: UserID(rawValue: id.rawValue),
                username: username,
                password: password,
                credentials: credentials,
                server: server
            )
        } catch {
            throw LoadError(error, of: server)
        }
    }

    /// Opens a group chat; returns its id.
    ///
    /// - Throws: as `register` does.
    func makeGroup(_ name: String, with others: [UserID]) async throws(LoadError) -> ChatID {
        do throws(DuologueError) {
            let client = try DuologueClient(server: server.description, credentials: credentials)
            let chat = try await client.createGroup(name, with: others.map { .init(rawValue: $0.rawValue) })
            await client.close()
            return ChatID(rawValue: chat.id.rawValue)
        } catch {
            throw LoadError(error, of: server)
        }
    }

    /// The whole history of a chat from its first message on, paged the way a client pages.
    ///
    /// - Throws: as `register` does, and `contract` where the paging does not move on.
    func history(of chat: ChatID) async throws(LoadError) -> [ArrivedMessage] {
        do throws(DuologueError) {
            let client = try DuologueClient(server: server.description, credentials: credentials)
            let messages = try await client.history(of: .init(rawValue: chat.rawValue))
            await client.close()
            return messages
        } catch {
            throw LoadError(error, of: server)
        }
    }
}

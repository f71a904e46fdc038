internal import JSON
internal import Web

extension DuologueClient {
    /// The user who is logged in.
    public func me() async throws(DuologueError) -> User { try User(try await api.request(.get, "/auth/me")) }

    /// A user.
    ///
    /// - Throws: `userNotFound`.
    public func user(_ id: UserID) async throws(DuologueError) -> User {
        try User(try await api.request(.get, "/users/\(id)"))
    }

    /// The user's chats, at most `limit` of them, which is at most 100.
    public func chats(limit: Int = 50, cursor: String? = nil) async throws(DuologueError) -> Page<Chat> {
        try Page(try await api.request(.get, Self.page("/chats", limit, cursor)))
    }

    /// A chat the user is in.
    ///
    /// - Throws: `chatNotFound`.
    public func chat(_ id: ChatID) async throws(DuologueError) -> Chat {
        try Chat(try await api.request(.get, "/chats/\(id)"))
    }

    /// Opens the chat of two, or returns the one there is.
    ///
    /// - Throws: `userNotFound`.
    public func openDirectChat(with user: UserID) async throws(DuologueError) -> Chat {
        let body = JSONWriter.object { writer in
            writer.field("type", "direct")
            writer.field("participant_ids", [user.rawValue])
        }
        return try Chat(try await api.request(.post, "/chats", body: body))
    }

    /// Opens a group with others; the user owns it.
    ///
    /// - Throws: `userNotFound`, `limitExceeded`, or what is wrong with the name.
    public func createGroup(
        _ name: String,
        with users: [UserID] = [],
        summary: String? = nil,
        isPublic: Bool = false
    ) async throws(DuologueError) -> Chat {
        let body = JSONWriter.object { writer in
            writer.field("type", "group")
            writer.field("name", name)
            writer.field("description", summary)
            writer.field("visibility", isPublic ? "public" : "private")
            writer.field("participant_ids", users.map(\.rawValue))
        }
        return try Chat(try await api.request(.post, "/chats", body: body))
    }

    /// Changes what is given of a group; owners and admins may.
    ///
    /// - Throws: `chatNotFound`, `forbidden`, or what is wrong with a field.
    public func update(
        _ chat: ChatID,
        name: String? = nil,
        summary: String? = nil,
        avatarURL: String? = nil,
        isPublic: Bool? = nil
    ) async throws(DuologueError) -> Chat {
        let body = JSONWriter.object { writer in
            writer.field("name", name)
            writer.field("description", summary)
            writer.field("avatar_url", avatarURL)
            writer.field("visibility", isPublic.map { $0 ? "public" : "private" })
        }
        return try Chat(try await api.request(.patch, "/chats/\(chat)", body: body))
    }

    /// Leaves a chat.
    ///
    /// - Throws: `chatNotFound`, or `lastOwner` where nobody else owns it.
    public func leave(_ chat: ChatID) async throws(DuologueError) {
        _ = try await api.request(.delete, "/chats/\(chat)")
    }

    /// Who is in a chat.
    ///
    /// - Throws: `chatNotFound`.
    public func participants(
        of chat: ChatID,
        limit: Int = 50,
        cursor: String? = nil
    ) async throws(DuologueError) -> Page<Participant> {
        try Page(try await api.request(.get, Self.page("/chats/\(chat)/participants", limit, cursor)))
    }

    /// Takes somebody into a group; owners and admins may.
    ///
    /// - Throws: `chatNotFound`, `userNotFound`, `forbidden` or `limitExceeded`.
    @discardableResult
    public func add(
        _ user: UserID,
        to chat: ChatID,
        as role: Role = .member
    ) async throws(DuologueError) -> Participant {
        let body = JSONWriter.object { writer in
            writer.field("user_id", user.rawValue)
            writer.field("role", role.rawValue)
        }
        return try Participant(try await api.request(.post, "/chats/\(chat)/participants", body: body))
    }

    /// Gives somebody in a group another role.
    ///
    /// - Throws: `chatNotFound`, `userNotFound`, `forbidden` or `lastOwner`.
    @discardableResult
    public func changeRole(
        of user: UserID,
        in chat: ChatID,
        to role: Role
    ) async throws(DuologueError) -> Participant {
        let body = JSONWriter.object { $0.field("role", role.rawValue) }
        return try Participant(try await api.request(.patch, "/chats/\(chat)/participants/\(user)", body: body))
    }

    /// Removes somebody from a group.
    ///
    /// - Throws: `chatNotFound`, `userNotFound`, `forbidden` or `lastOwner`.
    public func remove(_ user: UserID, from chat: ChatID) async throws(DuologueError) {
        _ = try await api.request(.delete, "/chats/\(chat)/participants/\(user)")
    }

    /// Notes that the user has read a chat up to a message; it never goes back.
    ///
    /// - Throws: `chatNotFound`.
    public func markRead(_ chat: ChatID, upTo sequence: Int64) async throws(DuologueError) {
        let body = JSONWriter.object { $0.field("seq", sequence) }
        _ = try await api.request(.post, "/chats/\(chat)/read", body: body)
    }

    /// The durable events of a chat after an offset, at most 100, oldest first.
    ///
    /// - Throws: `chatNotFound`.
    public func events(of chat: ChatID, after offset: Int64) async throws(DuologueError) -> Page<ChatEvent> {
        try await api.events(of: chat, after: offset)
    }

    static func page(_ path: RequestPath, _ limit: Int, _ cursor: String?) -> RequestPath {
        path.with("limit", limit).with("cursor", cursor)
    }
}

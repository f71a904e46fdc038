internal import JSON
internal import Web

extension DuologueClient {
    /// Which part of a chat's messages a page shows.
    public enum Place: Sendable, Hashable {
        case newest
        /// Those before a message.
        case before(Int64)
        /// Those after a message; 0 for the first of all.
        case after(Int64)
        /// A message in the middle.
        case around(Int64)
        /// The first unread message in the middle.
        case firstUnread
        /// The page that follows another one.
        case cursor(String)
    }

    /// Messages of a chat, oldest first, at most `limit` of them, which is at most 100.
    ///
    /// Deleted ones are there, without content.
    /// - Throws: `chatNotFound`.
    public func messages(
        of chat: ChatID,
        _ place: Place = .newest,
        limit: Int = 50
    ) async throws(DuologueError) -> Page<Message> {
        try Page(try await api.request(.get, Self.page("/chats/\(chat)/messages", place, limit)))
    }

    /// A message.
    ///
    /// - Throws: `messageNotFound`.
    public func message(_ id: MessageID) async throws(DuologueError) -> Message {
        try Message(try await api.request(.get, "/messages/\(id)"))
    }

    /// The replies in a message's thread, oldest first; `around` and `firstUnread` are not for threads.
    ///
    /// - Throws: `messageNotFound`.
    public func replies(
        to message: MessageID,
        _ place: Place = .newest,
        limit: Int = 50
    ) async throws(DuologueError) -> Page<Message> {
        try Page(try await api.request(.get, Self.page("/messages/\(message)/thread", place, limit)))
    }

    /// Changes what a message says; its author may.
    ///
    /// - Throws: `messageNotFound`, `forbidden`, or what is wrong with the content.
    @discardableResult
    public func edit(_ message: MessageID, to content: String) async throws(DuologueError) -> Message {
        let body = JSONWriter.object { $0.field("content", content) }
        return try Message(try await api.request(.put, "/messages/\(message)", body: body))
    }

    /// Deletes a message for all; its author may, and the owners and admins of a group.
    ///
    /// - Throws: `messageNotFound` or `forbidden`.
    @discardableResult
    public func delete(_ message: MessageID) async throws(DuologueError) -> Message {
        try Message(try await api.request(.delete, "/messages/\(message)"))
    }

    /// Brings a deleted message back, within 24 hours.
    ///
    /// - Throws: `messageNotFound`, `forbidden`, or `conflict` when it is too late.
    @discardableResult
    public func restore(_ message: MessageID) async throws(DuologueError) -> Message {
        try Message(try await api.request(.post, "/messages/\(message)/restore"))
    }

    /// What a message said before, newest first.
    ///
    /// - Throws: `messageNotFound`.
    public func revisions(
        of message: MessageID,
        limit: Int = 50,
        cursor: String? = nil
    ) async throws(DuologueError) -> Page<Revision> {
        try Page(try await api.request(.get, Self.page("/messages/\(message)/revisions", limit, cursor)))
    }

    /// Puts an emoji on a message.
    ///
    /// - Throws: `messageNotFound`, `invalidContent` for what is no emoji, or `limitExceeded` for a new one beyond 100.
    @discardableResult
    public func react(to message: MessageID, with emoji: String) async throws(DuologueError) -> Message {
        try Message(try await api.request(.put, "/messages/\(message)/reactions/\(emoji)"))
    }

    /// Takes one's own emoji off a message.
    ///
    /// - Throws: `messageNotFound`.
    @discardableResult
    public func removeReaction(_ emoji: String, from message: MessageID) async throws(DuologueError) -> Message {
        try Message(try await api.request(.delete, "/messages/\(message)/reactions/\(emoji)"))
    }

    /// The emojis on a message.
    ///
    /// - Throws: `messageNotFound`.
    public func reactions(
        on message: MessageID,
        limit: Int = 50,
        cursor: String? = nil
    ) async throws(DuologueError) -> Page<Reaction> {
        try Page(try await api.request(.get, Self.page("/messages/\(message)/reactions", limit, cursor)))
    }

    /// Pins a message to its chat.
    ///
    /// - Throws: `messageNotFound`, or `limitExceeded` beyond 100 of a chat.
    @discardableResult
    public func pin(_ message: MessageID) async throws(DuologueError) -> Message {
        try Message(try await api.request(.put, "/messages/\(message)/pin"))
    }

    /// Takes a pin off a message.
    ///
    /// - Throws: `messageNotFound`.
    @discardableResult
    public func unpin(_ message: MessageID) async throws(DuologueError) -> Message {
        try Message(try await api.request(.delete, "/messages/\(message)/pin"))
    }

    /// The pinned messages of a chat.
    ///
    /// - Throws: `chatNotFound`.
    public func pins(
        of chat: ChatID,
        limit: Int = 50,
        cursor: String? = nil
    ) async throws(DuologueError) -> Page<Pin> {
        try Page(try await api.request(.get, Self.page("/chats/\(chat)/pins", limit, cursor)))
    }

    private static func page(_ path: RequestPath, _ place: Place, _ limit: Int) -> RequestPath {
        let path = path.with("limit", limit)
        return switch place {
        case .newest: path
        case .before(let sequence): path.with("before", sequence)
        case .after(let sequence): path.with("after", sequence)
        case .around(let sequence): path.with("around", sequence)
        case .firstUnread: path.with("around", "first_unread")
        case .cursor(let cursor): path.with("cursor", cursor)
        }
    }
}

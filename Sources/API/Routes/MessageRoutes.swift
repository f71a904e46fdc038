internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// Sending and reading messages.
final class MessageRoutes {
    private let messages: MessageService

    init(messages: MessageService) { self.messages = messages }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .post,
            "/chats/{id}/messages",
            name: "sendMessage",
            Self.sending(.newMessage),
            handler: send
        )
        group.route(
            .post,
            "/messages",
            name: "sendMessageAlias",
            Self.sending(.addressedMessage),
            handler: sendToNamedChat
        )
        group.route(
            .get,
            "/chats/{id}/messages",
            name: "listMessages",
            RouteDescription(
                "Messages of a chat, ascending; the newest unless said otherwise",
                .messages,
                query: HistoryQuery.parameters,
                answers: [.ok(.messageList)],
                failures: [.chatNotFound]
            ),
            handler: list
        )
        group.route(
            .post,
            "/messages/{message_id}/forward",
            name: "forwardMessage",
            RouteDescription(
                "Sends what a message says to other chats",
                .messages,
                body: RouteBody(.forwarding),
                isIdempotent: true,
                answers: [.created(.forwarded), .ok(.forwarded, "All of it had been sent before.")],
                failures: [.chatNotFound, .messageNotFound, .forbidden, .blocked, .limitExceeded],
                rateClass: .expensive
            ),
            handler: forward
        )
    }

    private static func sending(_ body: Schema) -> RouteDescription {
        RouteDescription(
            "Sends a message",
            .messages,
            body: RouteBody(body),
            isIdempotent: true,
            answers: [.created(.message), .ok(.message, "It had been sent before.")],
            failures: [
                .blocked,
                .chatNotFound, .messageNotFound, .forbidden, .limitExceeded, .empty, .tooLong, .invalidContent,
            ],
            limits: .message
        )
    }

    private func send(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        try await send(request, request.object(), to: context.chat(), by: context.requireCaller())
    }

    private func sendToNamedChat(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let caller = try context.requireCaller()
        var reader = try request.object()
        let chat = ChatID(rawValue: try reader.required("chat_id"))
        return try await send(request, reader, to: chat, by: caller)
    }

    private func send(
        _ request: HTTPRequest,
        _ fields: JSONObjectReader,
        to chat: ChatID,
        by caller: Caller
    ) async throws -> HTTPResponse {
        var reader = fields
        let draft = try ClientFields.message(&reader, chat: chat)
        try reader.finish()
        let id = try Self.operationID(request, draft)
        let sent = try await messages.send(draft, to: chat, by: caller.user, id: id)
        return .json(sent.isDuplicate ? .ok : .created) { $0.message(sent.message, isDuplicate: sent.isDuplicate) }
    }

    private func list(_ request: HTTPRequest, _ context: APIContext, _ query: RequestQuery) async throws -> HTTPResponse
    {
        let history = try HistoryQuery(query)
        let page = try await messages.page(
            of: context.chat(),
            for: context.requireCaller().user,
            window: history.window,
            limit: history.limit
        )
        let next = history.next(page.snapshot.rows.map(\.sequence), head: page.snapshot.lastSequence)
        return .list(encoded: page.messages, limit: history.limit, next: next)
    }

    private func forward(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, id) = (try context.requireCaller().user, try context.message())
        var reader = try request.object()
        let chats = try ClientFields.targets(&reader)
        try reader.finish()
        let sent = try await messages.forward(id, to: chats, by: caller, id: request.operationID())
        return .json(sent.allSatisfy(\.isDuplicate) ? .ok : .created) { writer in
            writer.beginObject()
            writer.key("items")
            writer.beginArray()
            for item in sent { writer.message(item.message, isDuplicate: item.isDuplicate) }
            writer.endArray()
            writer.endObject()
        }
    }

    /// The key of exactly-once: the body's id, the header's, or, where the client asks for none, one of its own.
    private static func operationID(_ request: HTTPRequest, _ draft: MessageDraft) throws(Failure) -> OperationID {
        guard let id = try request.idempotencyID() else { return draft.clientMessageID ?? .random() }
        guard draft.clientMessageID == nil || draft.clientMessageID == id else {
            throw Failure(.invalidValue, "client_msg_id and Idempotency-Key name different operations")
        }
        return id
    }
}

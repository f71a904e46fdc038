internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// Emojis on messages, and messages kept at hand.
final class ReactionRoutes {
    private let messages: MessageService
    private let chats: ChatService

    init(messages: MessageService, chats: ChatService) {
        self.messages = messages
        self.chats = chats
    }

    func register(on group: RouteGroup<APIContext>) {
        let reaction = "/messages/{message_id}/reactions/{emoji}"
        group.route(.put, reaction, name: "addReaction", Self.reacting("Reacts to a message", .nothing)) {
            [self] in try await react($0, $1, isOn: true)
        }
        group.route(.delete, reaction, name: "removeReaction", Self.reacting("Takes a reaction back")) {
            [self] in try await react($0, $1, isOn: false)
        }
        group.route(
            .post,
            "/messages/{message_id}/react",
            name: "addReactionAlias",
            Self.reacting("Reacts to a message", RouteBody(.newReaction)),
            handler: reactByBody
        )
        group.route(
            .get,
            "/messages/{message_id}/reactions",
            name: "listReactions",
            RouteDescription(
                "The reactions to a message",
                .reactions,
                query: [.limit, .cursor],
                answers: [.ok(.reactionList)],
                failures: [.chatNotFound, .messageNotFound]
            ),
            handler: reactions
        )
        group.route(.put, "/messages/{message_id}/pin", name: "pin", Self.pinning("Pins a message", .nothing)) {
            [self] in try await pin($0, $1, isOn: true)
        }
        group.route(.delete, "/messages/{message_id}/pin", name: "unpin", Self.pinning("Unpins a message")) {
            [self] in try await pin($0, $1, isOn: false)
        }
        group.route(
            .get,
            "/chats/{id}/pins",
            name: "listPins",
            RouteDescription(
                "The pinned messages of a chat",
                .messages,
                query: [.limit, .cursor],
                answers: [.ok(.pinList)],
                failures: [.chatNotFound]
            ),
            handler: pins
        )
    }

    private static func reacting(_ summary: String, _ body: RouteBody? = nil) -> RouteDescription {
        RouteDescription(
            summary,
            .reactions,
            body: body,
            isIdempotent: true,
            answers: [.ok(.message)],
            failures: [
                .chatNotFound, .messageNotFound, .forbidden, .blocked, .limitExceeded, .empty, .tooLong,
                .invalidContent,
            ]
        )
    }

    private static func pinning(_ summary: String, _ body: RouteBody? = nil) -> RouteDescription {
        RouteDescription(
            summary,
            .messages,
            body: body,
            isIdempotent: true,
            answers: [.ok(.message)],
            failures: [.chatNotFound, .messageNotFound, .forbidden, .blocked, .limitExceeded]
        )
    }

    private func react(_ request: HTTPRequest, _ context: APIContext, isOn: Bool) async throws -> HTTPResponse {
        let emoji = try context.emoji()
        try request.refuseFields()
        return try await react(request, context, emoji, isOn: isOn)
    }

    private func reactByBody(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        var reader = try request.object()
        let emoji = try ClientFields.emoji(&reader)
        try reader.finish()
        return try await react(request, context, emoji, isOn: true)
    }

    private func react(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ emoji: String,
        isOn: Bool
    ) async throws -> HTTPResponse {
        let (caller, id) = (try context.requireCaller().user, try context.message())
        let operation = try request.operationID()
        let changed = try await messages.react(to: id, with: emoji, isOn: isOn, by: caller, id: operation)
        return try await messages.answer(changed, id, for: caller)
    }

    private func reactions(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        let message = try await messages.message(context.message(), for: context.requireCaller().user)
        let page = try ListSlice(message.reactions, limit: limit, cursor: query["cursor"])
        return .list(page.items, limit: limit, next: page.next) { $0.reaction($1) }
    }

    private func pin(_ request: HTTPRequest, _ context: APIContext, isOn: Bool) async throws -> HTTPResponse {
        let (caller, id) = (try context.requireCaller().user, try context.message())
        try request.refuseFields()
        let changed = try await messages.pin(id, isOn: isOn, by: caller, id: request.operationID())
        return try await messages.answer(changed, id, for: caller)
    }

    private func pins(_ request: HTTPRequest, _ context: APIContext, _ query: RequestQuery) async throws -> HTTPResponse
    {
        let limit = try query.limit()
        let page = try await chats.pins(
            of: context.chat(),
            for: context.requireCaller().user,
            limit: limit,
            cursor: query["cursor"]
        )
        return .list(page.items, limit: limit, next: page.next) { $0.pin($1.pin, $1.message) }
    }
}

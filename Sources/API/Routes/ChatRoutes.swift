internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// Chats and their members.
final class ChatRoutes {
    private let chats: ChatService
    private let memberLimit: Int

    init(chats: ChatService, memberLimit: Int) {
        self.chats = chats
        self.memberLimit = memberLimit
    }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .post,
            "/chats",
            name: "createChat",
            RouteDescription(
                "Makes a chat; the direct chat of a pair is made once",
                .chats,
                body: RouteBody(.newChat),
                answers: [.created(.chat), .ok(.chat, "The direct chat there was.")],
                failures: [.userNotFound, .blocked, .limitExceeded, .inFlight, .empty, .tooLong, .invalidContent],
                limits: .list
            ),
            handler: create
        )
        group.route(
            .get,
            "/chats",
            name: "listChats",
            RouteDescription(
                "The caller's chats, the last active first",
                .chats,
                query: [.limit, .cursor, .page],
                answers: [.ok(.chatList)]
            ),
            handler: list
        )
        group.route(
            .get,
            "/chats/{id}",
            name: "getChat",
            RouteDescription("A chat", .chats, answers: [.ok(.chat)], failures: [.chatNotFound]),
            handler: get
        )
        group.route(
            .delete,
            "/chats/{id}",
            name: "leaveChat",
            RouteDescription(
                "Leaves a chat",
                .chats,
                isIdempotent: true,
                answers: [.noContent],
                failures: [.chatNotFound, .forbidden, .blocked, .lastOwner]
            ),
            handler: leave
        )
        group.route(
            .get,
            "/chats/{id}/participants",
            name: "listParticipants",
            RouteDescription(
                "The members of a chat",
                .chats,
                query: [.limit, .cursor],
                answers: [.ok(.participantList)],
                failures: [.chatNotFound]
            ),
            handler: participants
        )
    }

    private func create(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let caller = try context.requireCaller()
        var reader = try request.object()
        let draft = try ClientFields.chat(&reader, founder: caller.user, memberLimit: memberLimit)
        try reader.finish()
        let (chat, isNew) = try await chats.create(draft, by: caller.user)
        return .json(isNew ? .created : .ok) { $0.chat(chat) }
    }

    private func list(_ request: HTTPRequest, _ context: APIContext, _ query: RequestQuery) async throws -> HTTPResponse
    {
        let caller = try context.requireCaller()
        let limit = try query.limit()
        guard let number = try query.integer("page", minimum: 1) else {
            let page = try await chats.list(for: caller.user, limit: limit, cursor: query["cursor"])
            return .list(page.items, limit: limit, next: page.next) { $0.chat($1) }
        }
        guard query["cursor"] == nil else { throw Failure(.invalidValue, "page and cursor exclude each other") }
        let total = try await chats.count(for: caller.user)
        // Beyond the last page everything is empty, however far; the clamp keeps the product within bounds.
        let skipped = min(Int(number) - 1, total) * limit
        let page = try await chats.list(for: caller.user, limit: limit, skipping: skipped)
        let place = PageNumber(number: Int(number), total: total)
        return .list(page.items, limit: limit, next: page.next, page: place) { $0.chat($1) }
    }

    private func get(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let chat = try await chats.get(context.chat(), for: context.requireCaller().user)
        return .json { $0.chat(chat) }
    }

    private func leave(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let caller = try context.requireCaller().user
        try request.refuseFields()
        try await chats.remove(caller, from: context.chat(), by: caller, id: request.operationID())
        return HTTPResponse(.noContent)
    }

    private func participants(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        let page = try await chats.participants(
            of: context.chat(),
            for: context.requireCaller().user,
            limit: limit,
            cursor: query["cursor"]
        )
        return .list(encoded: page.json, limit: limit, next: page.next)
    }
}

internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// Changes to a chat and to who is in it, and the events they make.
final class ChatChangeRoutes {
    private let chats: ChatService
    private let memberLimit: Int

    init(chats: ChatService, memberLimit: Int) {
        self.chats = chats
        self.memberLimit = memberLimit
    }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .patch,
            "/chats/{id}",
            name: "changeChat",
            RouteDescription(
                "Changes what a group is called and shows",
                .chats,
                body: RouteBody(.chatChange),
                isIdempotent: true,
                answers: [.ok(.chat)],
                failures: [.chatNotFound, .forbidden, .blocked, .empty, .tooLong, .invalidContent],
                limits: .list
            ),
            handler: change
        )
        group.route(
            .post,
            "/chats/{id}/participants",
            name: "addParticipants",
            RouteDescription(
                "Takes somebody, or several, into a group",
                .chats,
                body: RouteBody(.additions),
                isIdempotent: true,
                answers: [
                    .created(.either([.participant, .addedParticipants])),
                    .ok(.either([.participant, .addedParticipants]), "All were in it already."),
                ],
                failures: [.chatNotFound, .userNotFound, .forbidden, .blocked, .limitExceeded]
            ),
            handler: add
        )
        group.route(
            .patch,
            "/chats/{id}/participants/{user_id}",
            name: "changeParticipant",
            RouteDescription(
                "Gives a member another role",
                .chats,
                body: RouteBody(.roleChange),
                isIdempotent: true,
                answers: [.ok(.participant)],
                failures: [.chatNotFound, .userNotFound, .forbidden, .blocked, .lastOwner]
            ),
            handler: changeRole
        )
        group.route(
            .delete,
            "/chats/{id}/participants/{user_id}",
            name: "removeParticipant",
            RouteDescription(
                "Removes a member from a group",
                .chats,
                isIdempotent: true,
                answers: [.noContent],
                failures: [.chatNotFound, .userNotFound, .forbidden, .blocked, .lastOwner]
            ),
            handler: remove
        )
        group.route(
            .get,
            "/chats/{id}/events",
            name: "listEvents",
            RouteDescription(
                "The durable events of a chat, in order",
                .realtime,
                query: [
                    RouteParameter("after", .count, "Events after this offset; not with `cursor`."), .cursor, .limit,
                ],
                answers: [.ok(.eventList)],
                failures: [.chatNotFound]
            ),
            handler: events
        )
    }

    private func change(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat) = (try context.requireCaller().user, try context.chat())
        var reader = try request.object()
        let change = try ClientFields.chatChange(&reader)
        try reader.finish()
        let changed = try await chats.change(change, of: chat, by: caller, id: request.operationID())
        return .json { $0.chat(changed) }
    }

    private func add(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat) = (try context.requireCaller().user, try context.chat())
        var reader = try request.object()
        let (additions, isList) = try ClientFields.additions(&reader, memberLimit: memberLimit)
        try reader.finish()
        let id = try request.operationID()
        guard isList else {
            let added = try await chats.add(additions[0], to: chat, by: caller, id: id)
            return .json(added.isNew ? .created : .ok) { $0.participant(added.participant) }
        }
        let added = try await chats.add(additions, to: chat, by: caller, id: id)
        return .json(added.contains(where: \.isNew) ? .created : .ok) { writer in
            writer.beginObject()
            writer.key("items")
            writer.beginArray()
            for member in added { writer.participant(member.participant) }
            writer.endArray()
            writer.endObject()
        }
    }

    private func changeRole(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat, user) = (try context.requireCaller().user, try context.chat(), try context.user())
        var reader = try request.object()
        let role = try ClientFields.role(&reader)
        try reader.finish()
        let id = try request.operationID()
        let participant = try await chats.changeRole(of: user, to: role, in: chat, by: caller, id: id)
        return .json { $0.participant(participant) }
    }

    private func remove(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat, user) = (try context.requireCaller().user, try context.chat(), try context.user())
        try request.refuseFields()
        try await chats.remove(user, from: chat, by: caller, id: request.operationID())
        return HTTPResponse(.noContent)
    }

    private func events(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        guard query["after"] == nil || query["cursor"] == nil else {
            throw Failure(.invalidValue, "after and cursor exclude each other")
        }
        let after = try query.integer("after", minimum: 0) ?? query.integer("cursor", minimum: 1) ?? 0
        let events = try await chats.events(
            of: context.chat(),
            for: context.requireCaller().user,
            after: Offset(rawValue: after),
            limit: limit
        )
        let next = events.count == limit ? events.last.map { "\($0.offset)" } : nil
        return .list(events, limit: limit, next: next) { $0.raw($1.payload) }
    }
}

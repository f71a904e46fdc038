internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// Invites, and joining a chat by oneself.
final class InviteRoutes {
    private let invites: InviteService
    private let memberLimit: Int

    init(invites: InviteService, memberLimit: Int) {
        self.invites = invites
        self.memberLimit = memberLimit
    }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .post,
            "/chats/{id}/join",
            name: "joinChat",
            RouteDescription(
                "Joins a group by an invite, or a public one without",
                .chats,
                body: RouteBody(.joining, isRequired: false),
                isIdempotent: true,
                answers: [.created(.chat), .ok(.chat, "The caller is in already.")],
                failures: [.chatNotFound, .blocked, .limitExceeded]
            ),
            handler: join
        )
        group.route(
            .get,
            "/chats/{id}/invites",
            name: "listInvites",
            RouteDescription(
                "The invites of a group, for its owners and admins",
                .chats,
                query: [.limit, .cursor],
                answers: [.ok(.inviteList)],
                failures: [.chatNotFound, .forbidden]
            ),
            handler: list
        )
        group.route(
            .post,
            "/chats/{id}/invites",
            name: "createInvite",
            RouteDescription(
                "Makes an invite into a group",
                .chats,
                body: RouteBody(.newInvite, isRequired: false),
                answers: [.created(.invite)],
                failures: [.chatNotFound, .forbidden, .limitExceeded]
            ),
            handler: make
        )
        group.route(
            .delete,
            "/chats/{id}/invites/{code}",
            name: "revokeInvite",
            RouteDescription(
                "Ends an invite for good",
                .chats,
                path: [.inviteCode],
                body: .nothing,
                answers: [.noContent],
                failures: [.chatNotFound, .notFound, .forbidden]
            ),
            handler: revoke
        )
    }

    private func join(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat) = (try context.requireCaller().user, try context.chat())
        let (joined, isNew) = try await invites.join(
            chat,
            by: entrance(request),
            as: caller,
            memberLimit: memberLimit,
            id: request.operationID()
        )
        return .json(isNew ? .created : .ok) { $0.chat(joined) }
    }

    /// No body at all is a wish to join without an invite.
    private func entrance(_ request: HTTPRequest) throws -> Entrance {
        guard !request.body.isEmpty else { return .open }
        var reader = try request.object()
        let entrance = try ClientFields.entrance(&reader)
        try reader.finish()
        return entrance
    }

    private func list(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        let all = try await invites.invites(of: context.chat(), for: context.requireCaller().user)
        let slice = try ListSlice(all, limit: limit, cursor: query["cursor"])
        return .list(slice.items, limit: limit, next: slice.next) { $0.invite($1) }.uncached()
    }

    private func make(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let (caller, chat) = (try context.requireCaller().user, try context.chat())
        var draft = InviteDraft()
        if !request.body.isEmpty {
            var reader = try request.object()
            draft = try ClientFields.invite(&reader)
            try reader.finish()
        }
        let invite = try await invites.make(draft, in: chat, by: caller)
        return .json(.created) { $0.invite(invite) }.uncached()
    }

    private func revoke(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        try request.refuseFields()
        let code = try ClientFields.inviteCode(context.core.parameters.text("code"))
        try await invites.revoke(code, of: context.chat(), by: context.requireCaller().user)
        return HTTPResponse(.noContent)
    }
}

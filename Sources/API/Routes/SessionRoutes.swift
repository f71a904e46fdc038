internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// The caller's sessions, and the password that opens them.
final class SessionRoutes {
    private let service: AccountService
    private let sessions: SessionService

    init(service: AccountService, sessions: SessionService) {
        self.service = service
        self.sessions = sessions
    }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .get,
            "/auth/sessions",
            name: "listSessions",
            RouteDescription(
                "The caller's open sessions, the latest first",
                .accounts,
                query: [.limit, .cursor],
                answers: [.ok(.sessionList)]
            ),
            handler: list
        )
        group.route(
            .delete,
            "/auth/sessions/{id}",
            name: "revokeSession",
            RouteDescription(
                "Ends a session of the caller's",
                .accounts,
                path: [RouteParameter("id", .uuid)],
                body: .nothing,
                answers: [.noContent],
                failures: [.notFound]
            ),
            handler: revoke
        )
        group.route(
            .post,
            "/auth/password",
            name: "changePassword",
            RouteDescription(
                "Gives the caller another password and ends the other sessions",
                .accounts,
                body: RouteBody(.passwordChange),
                answers: [.noContent],
                failures: [.invalidCredentials],
                rateClass: .expensive
            ),
            handler: changePassword
        )
    }

    private func list(_ request: HTTPRequest, _ context: APIContext, _ query: RequestQuery) async throws -> HTTPResponse
    {
        let caller = try context.requireCaller()
        let limit = try query.limit()
        let page = try await sessions.list(of: caller, limit: limit, cursor: query["cursor"])
        return .list(page.items, limit: limit, next: page.next) { writer, record in
            writer.session(record, isCurrent: record.session.id == caller.session)
        }.uncached()
    }

    private func revoke(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let caller = try context.requireCaller()
        try request.refuseFields()
        // What is no id is nobody's session.
        guard let session = SessionID(context.core.parameters.text("id")) else {
            throw Failure(.notFound, "You have no such session.")
        }
        try await sessions.end(session, of: caller)
        return HTTPResponse(.noContent)
    }

    private func changePassword(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let fields = try PasswordFields(request.object())
        try await service.changePassword(fields, of: context.requireCaller(), from: request.peerAddress)
        return HTTPResponse(.noContent)
    }
}

extension JSONWriter {
    /// A session, as its user sees it.
    fileprivate mutating func session(_ record: SessionRecord, isCurrent: Bool) {
        beginObject()
        key("session_id")
        string(record.session.id.description)
        key("device")
        string(record.session.device)
        key("address")
        string(record.session.address)
        key("created_at")
        time(record.createdAt)
        key("last_used_at")
        time(record.lastUsedAt)
        key("expires_at")
        time(record.session.expiresAt)
        key("current")
        bool(isCurrent)
        endObject()
    }
}

internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// Accounts, sessions and users.
final class AccountRoutes {
    private let service: AccountService
    private let sessions: SessionService
    private let accounts: any AccountStore
    private let people: any PeopleStore

    init(
        service: AccountService,
        sessions: SessionService,
        accounts: any AccountStore,
        people: any PeopleStore
    ) {
        self.service = service
        self.sessions = sessions
        self.accounts = accounts
        self.people = people
    }

    func register(open: RouteGroup<APIContext>, authenticated: RouteGroup<APIContext>) {
        open.route(.post, "/auth/register", name: "register", handler: registerUser)
        open.route(.post, "/users/register", name: "registerAlias", handler: registerUser)
        open.route(.post, "/auth/login", name: "login", handler: logIn)
        open.route(.post, "/users/login", name: "loginAlias", handler: logIn)
        open.route(.post, "/auth/refresh", name: "refresh", handler: refresh)
        authenticated.route(.post, "/auth/logout", name: "logout", handler: logOut)
        authenticated.route(.get, "/auth/me", name: "me", handler: me)
        authenticated.route(.get, "/users/me", name: "meAlias", handler: me)
        authenticated.route(.get, "/users/{id}", name: "getUser", handler: user)
        authenticated.route(.post, "/ws/ticket", name: "createTicket", handler: ticket)
    }

    private func registerUser(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let user = try await service.register(RegistrationFields(request.object()))
        return .json(.created) { $0.user(user, withEmail: true) }
    }

    private func logIn(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let fields = try LoginFields(request.object())
        return Self.answer(try await service.logIn(fields, from: request.peerAddress))
    }

    private func refresh(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        var reader = try request.object()
        let token: String = try reader.required("refresh_token")
        try reader.finish()
        return Self.answer(try await sessions.refresh(token))
    }

    private func logOut(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        try request.refuseFields()
        try await sessions.end(context.requireCaller())
        return HTTPResponse(.noContent)
    }

    private func me(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let caller = try context.requireCaller()
        try await sessions.requireActive(caller)
        guard let user = try await accounts.user(caller.user) else { throw Self.noSuchUser }
        return .json { $0.user(user, withEmail: true) }
    }

    private func user(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let caller = try context.requireCaller()
        let id = UserID(rawValue: try context.parameters.integer("id"))
        guard let user = try await people.user(id, for: caller.user) else { throw Self.noSuchUser }
        return .json { $0.user(user, withEmail: id == caller.user) }
    }

    private func ticket(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        try request.refuseFields()
        let (ticket, lifetime) = try await sessions.ticket(for: context.requireCaller())
        return HTTPResponse.json(.created) {
            $0.beginObject()
            $0.key("ticket")
            $0.string(ticket)
            $0.key("expires_in")
            $0.integer(lifetime.components.seconds)
            $0.endObject()
        }.uncached()
    }

    private static func answer(_ grant: SessionService.Grant) -> HTTPResponse {
        HTTPResponse.json {
            $0.beginObject()
            $0.key("access_token")
            $0.string(grant.accessToken)
            $0.key("refresh_token")
            $0.string(grant.refreshToken)
            $0.key("token_type")
            $0.string("bearer")
            $0.key("expires_in")
            $0.integer(grant.expiresIn)
            $0.key("session_id")
            $0.string(grant.session.description)
            $0.endObject()
        }.uncached()
    }

    private static let noSuchUser = Failure(.userNotFound, "There is no such user.")
}

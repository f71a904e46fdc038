internal import Domain
internal import IOCore
internal import JSON
internal import Messaging
internal import Web

/// Accounts, sessions and users.
final class AccountRoutes {
    private let service: AccountService
    private let sessions: SessionService
    private let accounts: any AccountStore
    private let people: any PeopleStore
    private let limiter: RateLimiter
    private let cache: CacheMetrics

    init(
        service: AccountService,
        sessions: SessionService,
        accounts: any AccountStore,
        people: any PeopleStore,
        limiter: RateLimiter,
        cache: CacheMetrics
    ) {
        self.service = service
        self.sessions = sessions
        self.accounts = accounts
        self.people = people
        self.limiter = limiter
        self.cache = cache
    }

    func register(
        open: RouteGroup<APIContext>,
        renewing: RouteGroup<APIContext>,
        authenticated: RouteGroup<APIContext>
    ) {
        for (path, name) in [("/auth/register", "register"), ("/users/register", "registerAlias")] {
            open.route(.post, path, name: name, Self.registration, handler: registerUser)
        }
        for (path, name) in [("/auth/login", "login"), ("/users/login", "loginAlias")] {
            open.route(.post, path, name: name, Self.login, handler: logIn)
        }
        renewing.route(
            .post,
            "/auth/refresh",
            name: "refresh",
            RouteDescription(
                "Exchanges a refresh token for new tokens",
                .accounts,
                body: RouteBody(.refresh),
                answers: [.ok(.session)],
                failures: [.unauthenticated],
                rateClass: .renewal
            ),
            handler: refresh
        )
        authenticated.route(
            .post,
            "/auth/logout",
            name: "logout",
            RouteDescription("Ends the session", .accounts, body: .nothing, answers: [.noContent]),
            handler: logOut
        )
        for (path, name) in [("/auth/me", "me"), ("/users/me", "meAlias")] {
            authenticated.route(.get, path, name: name, Self.own, handler: me)
        }
        authenticated.route(
            .get,
            "/users/{id}",
            name: "getUser",
            RouteDescription(
                "A user; the address only of oneself",
                .users,
                answers: [.ok(.either([.ownUser, .user]))],
                failures: [.userNotFound]
            ),
            handler: user
        )
        authenticated.route(
            .post,
            "/ws/ticket",
            name: "createTicket",
            RouteDescription(
                "A ticket that opens one WebSocket within half a minute",
                .realtime,
                body: .nothing,
                answers: [.created(.ticket)]
            ),
            handler: ticket
        )
    }

    private static let registration = RouteDescription(
        "Makes an account",
        .accounts,
        body: RouteBody(.registration),
        answers: [.created(.ownUser)],
        failures: [.usernameTaken, .emailTaken, .empty, .tooLong, .invalidContent],
        rateClass: .auth
    )
    private static let login = RouteDescription(
        "Opens a session",
        .accounts,
        body: RouteBody(.login),
        answers: [.ok(.session)],
        failures: [.invalidCredentials, .empty, .tooLong, .invalidContent],
        rateClass: .auth
    )
    private static let own = RouteDescription(
        "The caller, if the session is still open",
        .users,
        answers: [.ok(.ownUser)],
        failures: [.userNotFound]
    )

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
        // A session may be renewed as often as its user may change something; nobody else's address counts for it.
        if let user = try await sessions.holder(token) {
            _ = try await limiter.admit(RateBucket(.user(user), .renewal))
        }
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
        // Not cached, on measurement: who may know when somebody was last seen is asked each time, and that costs what the profile does.
        guard let user = try await people.user(id, for: caller.user) else { throw Self.noSuchUser }
        cache[.profiles].bypassed.increment()
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

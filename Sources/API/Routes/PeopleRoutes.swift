internal import Domain
internal import JSON
internal import Messaging
internal import Web

/// One's own profile and settings, and finding others.
final class PeopleRoutes {
    private let people: any PeopleStore

    init(people: any PeopleStore) {
        self.people = people
    }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .patch,
            "/users/me",
            name: "changeProfile",
            RouteDescription(
                "Changes the caller's profile",
                .users,
                body: RouteBody(.profileChange),
                answers: [.ok(.ownUser)],
                failures: [.userNotFound, .empty, .tooLong, .invalidContent]
            ),
            handler: changeProfile
        )
        group.route(
            .get,
            "/users",
            name: "searchUsers",
            RouteDescription(
                "People by the beginnings of their names",
                .users,
                query: [
                    RouteParameter("query", .text(0...ClientFields.searchLimit), "Words of names; none finds all."),
                    .limit,
                    .cursor, .page,
                ],
                answers: [.ok(.userList)],
                rateClass: .search
            ),
            handler: search
        )
        group.route(
            .get,
            "/users/me/settings",
            name: "getSettings",
            RouteDescription(
                "What the caller has decided",
                .users,
                answers: [.ok(.settings)]
            ),
            handler: settings
        )
        group.route(
            .put,
            "/users/me/settings",
            name: "changeSettings",
            RouteDescription(
                "Decides what is named; the rest stays",
                .users,
                body: RouteBody(.settingsChange),
                answers: [.ok(.settings)]
            ),
            handler: changeSettings
        )
    }

    private func changeProfile(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let caller = try context.requireCaller().user
        var reader = try request.object()
        let change = try ClientFields.profileChange(&reader)
        try reader.finish()
        let user =
            change == ProfileChange()
            ? try await people.user(caller, for: caller) : try await people.change(change, of: caller)
        guard let user else { throw Failure(.userNotFound, "There is no such user.") }
        return .json { $0.user(user, withEmail: true) }
    }

    private func search(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let caller = try context.requireCaller().user
        let limit = try query.limit()
        let text = query["query"] ?? ""
        try ClientFields.check(search: text)
        func write(_ writer: inout JSONWriter, _ user: User) { writer.user(user, withEmail: user.id == caller) }
        guard let number = try query.integer("page", minimum: 1) else {
            let page = try await people.search(text, for: caller, limit: limit, cursor: query["cursor"])
            return .list(page.items, limit: limit, next: page.next, write)
        }
        guard query["cursor"] == nil else { throw Failure(.invalidValue, "page and cursor exclude each other") }
        // Skipping costs what is skipped; a cursor goes further.
        let skipped = (Int(number) - 1) * limit
        guard skipped < SearchLimits.people else {
            throw Failure(.limitExceeded, "page: pages reach \(SearchLimits.people) people; go on by cursor")
        }
        let total = try await people.count(text, for: caller)
        let page = try await people.search(text, for: caller, limit: limit, skipping: skipped)
        let place = PageNumber(number: Int(number), total: total)
        return .list(page.items, limit: limit, next: page.next, page: place, write)
    }

    private func settings(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let settings = try await people.settings(of: context.requireCaller().user)
        return .json { $0.settings(settings) }
    }

    private func changeSettings(_ request: HTTPRequest, _ context: APIContext) async throws -> HTTPResponse {
        let caller = try context.requireCaller().user
        var reader = try request.object()
        let change = try ClientFields.settingsChange(&reader)
        try reader.finish()
        let settings = try await people.change(change, of: caller)
        return .json { $0.settings(settings) }
    }
}

extension JSONWriter {
    /// What a user has decided.
    fileprivate mutating func settings(_ settings: UserSettings) {
        beginObject()
        key("notifications")
        string(settings.notifications.rawValue)
        key("last_seen")
        string(settings.lastSeen.rawValue)
        key("read_receipts")
        bool(settings.readReceipts)
        endObject()
    }
}

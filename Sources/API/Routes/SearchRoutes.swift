internal import Domain
internal import Messaging
internal import Web

/// Searching messages.
final class SearchRoutes {
    private let search: SearchService

    init(search: SearchService) { self.search = search }

    func register(on group: RouteGroup<APIContext>) {
        group.route(
            .get,
            "/search/messages",
            name: "searchMessages",
            RouteDescription(
                "Messages of the caller's chats that match, the best first",
                .search,
                query: [
                    RouteParameter(
                        "q",
                        .text(0...SearchService.queryLimit),
                        "Words, \"phrases\", -words to leave out, and from:, in:, before:, after:, has:link, has:file."
                    ),
                    RouteParameter("chat_id", .id, "Of this chat alone."),
                    .limit, .cursor,
                ],
                answers: [.ok(.foundList)],
                failures: [.chatNotFound]
            ),
            handler: messages
        )
    }

    private func messages(
        _ request: HTTPRequest,
        _ context: APIContext,
        _ query: RequestQuery
    ) async throws -> HTTPResponse {
        let limit = try query.limit()
        let page = try await search.search(
            query["q"] ?? "",
            in: query.integer("chat_id", minimum: 1).map(ChatID.init(rawValue:)),
            for: context.requireCaller().user,
            limit: limit,
            cursor: query["cursor"]
        )
        return .list(page.items, limit: limit, next: page.next) { $0.found($1) }
    }
}

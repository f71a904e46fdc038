internal import Domain
internal import Web

/// The contract as a document, made of the declarations of the router that serves it.
final class ContractRoutes {
    private unowned let router: Router<APIContext>
    /// Made at the first request, when every route is there.
    private lazy var document = PublishedDocument(
        contentType: "application/json",
        bytes: OpenAPIDocument.encode(Self.title, router.declarations)
    )

    init(router: Router<APIContext>) { self.router = router }

    func register(on group: RouteGroup<APIContext>) {
        group.on(.get, "/openapi.json", name: "openapi", description: Self.description) { [self] request, _ in
            document.answer(request)
        }
    }

    private static let description = RouteDescription(
        "This document",
        .operations,
        answers: [.ok(.map(.anything), "OpenAPI 3.1."), RouteAnswer(304, "It is as the client has it.")]
    ).withRefusalsOfConnection()

    private static let title = OpenAPIDocument.Title(
        title: "Duologue",
        version: "1",
        description: """
            Chats over REST and WebSocket. Requests with fields or query items that are not described here are \
            refused; answers may gain fields. Refusals are problems (RFC 9457) with a stable `code`.
            """
    )
}

internal import Domain
internal import Web

/// The contract as a document, made of the declarations of the router that serves it, and as a page.
final class ContractRoutes {
    private unowned let router: Router<APIContext>
    /// Made at the first request, when every route is there.
    private lazy var document = PublishedDocument(
        contentType: "application/json",
        bytes: OpenAPIDocument.encode(Self.title, router.declarations)
    )
    private static let page = PublishedDocument(
        contentType: "text/html; charset=utf-8",
        bytes: Array(DocumentPage.page.html.utf8),
        headers: HTTPHeaders([("Content-Security-Policy", DocumentPage.page.policy)])
    )

    init(router: Router<APIContext>) { self.router = router }

    func register(on group: RouteGroup<APIContext>) {
        group.on(.get, "/openapi.json", name: "openapi", description: Self.ofDocument) { [self] request, _ in
            document.answer(request)
        }
        group.on(.get, "/docs", name: "docs", description: Self.ofPage) { request, _ in Self.page.answer(request) }
    }

    private static let unchanged = RouteAnswer(304, "It is as the client has it.")

    private static let ofDocument = RouteDescription(
        "This document",
        .operations,
        answers: [.ok(.map(.anything), "OpenAPI 3.1."), unchanged]
    ).withRefusalsOfConnection()

    private static let ofPage = RouteDescription(
        "This document as a page",
        .operations,
        answers: [
            RouteAnswer(.ok, "A page that loads nothing but the document.", .text, contentType: "text/html"), unchanged,
        ]
    ).withRefusalsOfConnection()

    private static let title = OpenAPIDocument.Title(
        title: "Duologue",
        version: "1",
        description: """
            Chats over REST and WebSocket. Requests with fields or query items that are not described here are \
            refused; answers may gain fields. Refusals are problems (RFC 9457) with a stable code.
            """
    )
}

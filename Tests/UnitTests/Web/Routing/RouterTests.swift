import IOCore
import Support
import Testing

@testable import Web

private let logger = Logger(label: "test", level: .error, sink: .silent)

private struct Tracing: Middleware {
    let name: String
    func handle(
        _ request: HTTPRequest,
        context: BasicRequestContext,
        next: Next<BasicRequestContext>
    ) async throws -> HTTPResponse {
        var response = try await next(request, context)
        response.headers.append("X-Trace", name)
        return response
    }
}

private struct Refusing: Middleware {
    func handle(
        _ request: HTTPRequest,
        context: BasicRequestContext,
        next: Next<BasicRequestContext>
    ) async throws -> HTTPResponse {
        throw Problem(.unauthorized, code: "unauthenticated")
    }
}

private struct Secret: Error {}

private func makeRouter() -> Router<BasicRequestContext> {
    let router = Router<BasicRequestContext>(logger: logger)
    router.add(Tracing(name: "outer"))
    router.on(.get, "/", name: "root") { _, _ in .text(.ok, "root") }
    let api = router.group("/api", middleware: [Tracing(name: "api")])
    api.on(.get, "/users/me", name: "me") { _, _ in .text(.ok, "me") }
    api.on(.get, "/users/{id}", name: "user") { _, context in
        .text(.ok, "user \(try context.parameters.integer("id"))")
    }
    api.on(.delete, "/users/{id}", name: "removeUser") { _, _ in HTTPResponse(.noContent) }
    api.on(.get, "/users/{id}/posts/{post}", name: "post") { _, context in
        .text(.ok, context.parameters.text("id") + "/" + context.parameters.text("post"))
    }
    api.on(.get, "/fail", name: "fail") { _, _ in throw Secret() }
    api.on(.get, "/closed", name: "closed", middleware: [Refusing()]) { _, _ in .text(.ok, "never") }
    return router
}

private func answer(_ method: HTTPMethod, _ target: String) async -> (Int, String, HTTPHeaders) {
    let response = await makeRouter().respond(to: HTTPRequest(method: method, target: target))
    return (response.status.code, String(decoding: response.bodyBytes, as: UTF8.self), response.headers)
}

@Suite struct RouterTests {
    @Test(arguments: [
        ("/", "root"), ("/api/users/me", "me"), ("/api/users/7", "user 7"), ("/api/users/7?x=/", "user 7"),
        ("/api/users/me/posts/1", "me/1"), ("/api/users/7/posts/a%2Fb", "7/a/b"),
    ])
    func `a literal goes before a parameter`(target: String, body: String) async {
        let (status, text, _) = await answer(.get, target)
        #expect(status == 200)
        #expect(text == body)
    }

    @Test(arguments: [
        "/api", "/api/", "/api/users/", "/api/users//posts/1", "/api/users/7/", "//", "/api/users/..", "/api/users/%2e",
        "/api/users/7/posts/../1", "/API/users/me", "/api%2Fusers/me",
    ])
    func `what no pattern spells is not found`(target: String) async {
        #expect(await answer(.get, target).0 == 404)
    }

    @Test func `a known path refuses other methods and names its own`() async {
        let (status, body, headers) = await answer(.post, "/api/users/7")
        #expect(status == 405)
        #expect(headers["allow"] == "DELETE, GET, HEAD, OPTIONS")
        #expect(body.contains("method_not_allowed"))
        #expect(body.contains(#""detail":"this path takes DELETE, GET, HEAD, OPTIONS""#))
        #expect(await answer(.get, "/nowhere").1.contains(#""detail":"there is nothing at this path""#))
        let options = await answer(.options, "/api/users/7")
        #expect(options.0 == 204)
        #expect(options.2["allow"] == "DELETE, GET, HEAD, OPTIONS")
        #expect(await answer(.head, "/api/users/7").0 == 200)
        #expect(await answer(.options, "/nowhere").0 == 404)
        #expect(await answer(.options, "*").0 == 204)
    }

    @Test(arguments: [
        "/api/users/x", "/api/users/-1", "/api/users/+1", "/api/users/01", "/api/users/0",
        "/api/users/9007199254740992", "/api/users/99999999999999999999",
    ])
    func `a number in a path is canonical`(target: String) async {
        #expect(await answer(.get, target).0 == 400)
    }

    @Test func `a broken escape is 400`() async {
        #expect(await answer(.get, "/api/users/%00").0 == 400)
    }

    @Test func `middleware runs from the outside in, also where nothing matched`() async {
        #expect(await answer(.get, "/api/users/me").2.values(of: "X-Trace") == ["api", "outer"])
        #expect(await answer(.get, "/api/closed").0 == 401)
    }

    @Test func `an unexpected error says nothing of itself`() async {
        let (status, body, _) = await answer(.get, "/api/fail")
        #expect(status == 500)
        #expect(body.contains(#""code":"internal""#))
        #expect(body.contains(#""retryable":false"#))
        #expect(body.contains(#""request_id":"test""#))
        #expect(!body.contains("Secret"))
    }

    @Test func `the route table lists what is served`() {
        let routes = makeRouter().routes
        #expect(routes.map(\.name) == ["root", "me", "user", "removeUser", "post", "fail", "closed"])
        #expect(routes[2].pattern == "/api/users/{id}")
    }

    @Test func `requests are counted by pattern, also those that failed`() async {
        let metrics = MetricsRegistry()
        let router = Router<BasicRequestContext>(logger: logger)
        router.add(AccessLogMiddleware(logger: logger, metrics: metrics))
        router.on(.get, "/users/{id}", name: "user") { _, _ in throw Problem(.notFound, code: "user_not_found") }
        for target in ["/users/1", "/users/2", "/elsewhere"] {
            _ = await router.respond(to: HTTPRequest(method: .get, target: target))
        }
        func count(_ route: String) -> Int {
            let labels = [("method", "GET"), ("route", route), ("status", "404")]
            return metrics.counter("http_requests_total", help: "Requests answered.", labels: labels).value
        }
        #expect(count("/users/{id}") == 2)
        #expect(count("none") == 1)
    }
}

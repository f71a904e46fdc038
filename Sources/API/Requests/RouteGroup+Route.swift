internal import Web

extension RouteGroup where Context == APIContext {
    /// Adds a route that takes no query.
    func route(
        _ method: HTTPMethod,
        _ pattern: String,
        name: String,
        _ description: RouteDescription,
        handler: @escaping (HTTPRequest, APIContext) async throws -> HTTPResponse
    ) {
        precondition(description.query.isEmpty, "the handler of \(name) reads no query")
        route(method, pattern, name: name, description) { request, context, _ in try await handler(request, context) }
    }

    /// Adds a route that takes the query items of its description and no others.
    func route(
        _ method: HTTPMethod,
        _ pattern: String,
        name: String,
        _ description: RouteDescription,
        handler: @escaping (HTTPRequest, APIContext, RequestQuery) async throws -> HTTPResponse
    ) {
        let names = Set(description.query.map(\.name))
        on(method, pattern, name: name, description: description.completed(for: method, pattern)) { request, context in
            try await handler(request, context, RequestQuery(request, names: names))
        }
    }
}

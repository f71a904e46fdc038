package import IOCore

/// Leads requests to handlers by method and path.
///
/// Loop-bound: built once on each loop, before the first request.
///
/// HEAD is served by GET and OPTIONS by the router. A route is found before the middleware runs, so that middleware sees
/// it, and an unknown path passes the router's own middleware like any other request.
package final class Router<Context: RequestContext>: HTTPResponder {
    /// Answers a request that matched.
    package typealias Handler = (HTTPRequest, Context) async throws -> HTTPResponse

    private var trie = RouteTrie()
    private var endpoints: [Endpoint] = []
    private var middleware: [any Middleware<Context>] = []
    private let logger: Logger

    /// A route with everything found out once: its parameters' names, its stages.
    private struct Endpoint {
        let route: Route
        let parameterNames: [String]
        let description: RouteDescription?
        let middleware: [any Middleware<Context>]
        let handler: Handler
    }

    /// A router without routes; errors that are no `Problem` are logged to `logger`.
    package init(logger: Logger) { self.logger = logger }

    /// The route table, in the order of registration.
    package var routes: [Route] { endpoints.map(\.route) }

    /// The routes that were added with a description, in that order, each completed by the stages before it.
    package var declarations: [RouteDeclaration] {
        endpoints.compactMap { endpoint in
            guard var description = endpoint.description else { return nil }
            for stage in middleware + endpoint.middleware { stage.describe(&description) }
            return RouteDeclaration(route: endpoint.route, description: description)
        }
    }

    /// Adds a stage for every request, also those that match no route; the first added is the outermost.
    package func add(_ stage: any Middleware<Context>) { middleware.append(stage) }

    /// A group whose routes share a prefix and stages.
    package func group(_ prefix: String, middleware: [any Middleware<Context>] = []) -> RouteGroup<Context> {
        RouteGroup(router: self, prefix: prefix, middleware: middleware)
    }

    /// Adds a route.
    ///
    /// Patterns begin with a slash; `{name}` stands for one segment.
    ///
    /// The handler runs inside the router's stages, then those given here.
    package func on(
        _ method: HTTPMethod,
        _ pattern: String,
        name: String,
        description: RouteDescription? = nil,
        middleware: [any Middleware<Context>] = [],
        _ handler: @escaping Handler
    ) {
        precondition(pattern.hasPrefix("/"), "a pattern begins with a slash")
        let segments = pattern == "/" ? [] : pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        trie.insert(segments, method: method, index: endpoints.count)
        endpoints.append(
            Endpoint(
                route: Route(method: method, pattern: pattern, name: name),
                parameterNames: segments.filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) },
                description: description,
                middleware: middleware,
                handler: handler
            )
        )
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let outcome = resolve(request)
        do {
            return try await run(0, middleware, request, outcome.context) { request, context in
                switch outcome.target {
                case .endpoint(let endpoint):
                    try await self.run(0, endpoint.middleware, request, context, endpoint.handler)
                case .options(let allow): Self.options(allow)
                case .problem(let problem): throw problem
                }
            }
        } catch {
            return HTTPResponse(error: error, request: request, logger: logger)
        }
    }

    package func limits(for method: HTTPMethod, path: String) -> RequestLimits? {
        guard let segments = try? HTTPRequest.segments(of: path), let match = trie.find(segments),
            let index = Self.index(for: method, in: match.routes)
        else { return nil }
        return endpoints[index].description?.limits
    }

    private enum Target {
        case endpoint(Endpoint)
        case options(allow: String)
        case problem(Problem)
    }

    private func resolve(_ request: HTTPRequest) -> (target: Target, context: Context) {
        func unmatched(_ target: Target) -> (Target, Context) {
            (target, Context(core: CoreRequestContext(requestID: request.requestID)))
        }
        if request.path == "*" { return unmatched(.options(allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")) }
        let segments: [String]
        do { segments = try request.segments() } catch { return unmatched(.problem(error)) }
        guard let match = trie.find(segments) else { return unmatched(.problem(.noRoute)) }
        guard let index = Self.index(for: request.method, in: match.routes) else {
            let allow = Self.allow(match.routes)
            if request.method == .options { return unmatched(.options(allow: allow)) }
            let headers = HTTPHeaders([("Allow", allow)])
            let detail = "this path takes \(allow)"
            return unmatched(.problem(Problem(405, code: "method_not_allowed", detail: detail, headers: headers)))
        }
        let endpoint = endpoints[index]
        let core = CoreRequestContext(
            requestID: request.requestID,
            route: endpoint.route,
            parameters: PathParameters(names: endpoint.parameterNames, values: match.values),
            rateClass: endpoint.description?.rateClass
        )
        return (.endpoint(endpoint), Context(core: core))
    }

    private func run(
        _ index: Int,
        _ stages: [any Middleware<Context>],
        _ request: HTTPRequest,
        _ context: Context,
        _ handler: Handler
    ) async throws -> HTTPResponse {
        guard index < stages.count else { return try await handler(request, context) }
        return try await stages[index].handle(request, context: context) { request, context in
            try await self.run(index + 1, stages, request, context, handler)
        }
    }

    private static func index(for method: HTTPMethod, in routes: [(method: HTTPMethod, index: Int)]) -> Int? {
        if let exact = routes.first(where: { $0.method == method }) { return exact.index }
        guard method == .head else { return nil }
        return routes.first { $0.method == .get }?.index
    }

    private static func allow(_ routes: [(method: HTTPMethod, index: Int)]) -> String {
        var names = routes.map(\.method.name)
        if names.contains("GET"), !names.contains("HEAD") { names.append("HEAD") }
        if !names.contains("OPTIONS") { names.append("OPTIONS") }
        return names.sorted().joined(separator: ", ")
    }

    private static func options(_ allow: String) -> HTTPResponse {
        HTTPResponse(.noContent, headers: HTTPHeaders([("Allow", allow)]))
    }
}

/// Routes under a common prefix that share stages behind the router's own.
package struct RouteGroup<Context: RequestContext> {
    private let router: Router<Context>
    private let prefix: String
    private let middleware: [any Middleware<Context>]

    init(router: Router<Context>, prefix: String, middleware: [any Middleware<Context>]) {
        self.router = router
        self.prefix = prefix
        self.middleware = middleware
    }

    /// A group inside this one.
    package func group(_ prefix: String, middleware: [any Middleware<Context>] = []) -> RouteGroup<Context> {
        RouteGroup(router: router, prefix: self.prefix + prefix, middleware: self.middleware + middleware)
    }

    /// Adds a route of the group; `pattern` follows the prefix and may be empty.
    package func on(
        _ method: HTTPMethod,
        _ pattern: String,
        name: String,
        description: RouteDescription? = nil,
        middleware: [any Middleware<Context>] = [],
        _ handler: @escaping Router<Context>.Handler
    ) {
        let stages = self.middleware + middleware
        router.on(method, prefix + pattern, name: name, description: description, middleware: stages, handler)
    }
}

extension HTTPResponse {
    /// The answer to a request whose handling threw: a `Problem` as it is, anything else as 500 `internal`, logged.
    package init(error: any Error, request: HTTPRequest, logger: Logger) {
        if let problem = error as? Problem {
            self = problem.response(requestID: request.requestID, instance: request.path)
            return
        }
        logger.error(
            "request failed",
            ["request_id": .string(request.requestID), "error": .string(String(describing: error))]
        )
        self = Problem.internal.response(requestID: request.requestID, instance: request.path)
    }
}

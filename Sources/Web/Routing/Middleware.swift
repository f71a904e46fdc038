/// A stage every request of a group passes on its way to the handler.
///
/// It may answer by itself, hand a changed request or context on, or change the response. Loop-bound: one instance per
/// loop, called in the order of registration.
package protocol Middleware<Context> {
    associatedtype Context: RequestContext

    /// Handles the request, as a rule by calling `next` once.
    ///
    /// - Throws: whatever `next` throws, or a `Problem` of its own.
    func handle(_ request: HTTPRequest, context: Context, next: Next<Context>) async throws -> HTTPResponse

    /// Adds to the description of a route behind this stage what the stage demands and how it may refuse.
    func describe(_ description: inout RouteDescription)
}

extension Middleware {
    package func describe(_ description: inout RouteDescription) {}
}

/// The stages behind a middleware, the handler last.
package typealias Next<Context: RequestContext> = (HTTPRequest, Context) async throws -> HTTPResponse

/// Answers requests.
///
/// Loop-bound: each loop has its own.
package protocol HTTPResponder: AnyObject {
    /// Answers `request`; every failure is a response too.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// What the route that a request leads to accepts, asked once its head is complete; nil where the server's limits hold.
    func limits(for method: HTTPMethod, path: String) -> RequestLimits?
}

extension HTTPResponder {
    package func limits(for method: HTTPMethod, path: String) -> RequestLimits? { nil }
}

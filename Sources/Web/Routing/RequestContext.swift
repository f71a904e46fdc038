/// What accompanies a request through middleware and handler, in a type of the application's choosing.
///
/// Middleware hands a changed copy on: an authenticated identity, a deadline.
package protocol RequestContext {
    /// What the router provides.
    var core: CoreRequestContext { get set }

    /// The context at the start of a request.
    init(core: CoreRequestContext)
}

extension RequestContext {
    /// The identity of the request, for logs.
    package var requestID: String { core.requestID }
    /// What the pattern's parameters stand for in this request.
    package var parameters: PathParameters { core.parameters }
    /// The matched route; nil when none did.
    package var route: Route? { core.route }
}

/// The part of a context that the router fills in.
package struct CoreRequestContext: Sendable {
    package let requestID: String
    package let route: Route?
    package let parameters: PathParameters
    /// What the request is counted as, as the route's description says.
    package let rateClass: String?

    /// A context for a request that matched `route`, or none.
    package init(
        requestID: String,
        route: Route? = nil,
        parameters: PathParameters = PathParameters(),
        rateClass: String? = nil
    ) {
        self.requestID = requestID
        self.route = route
        self.parameters = parameters
        self.rateClass = rateClass
    }
}

/// A context with nothing of the application's own.
package struct BasicRequestContext: RequestContext, Sendable {
    package var core: CoreRequestContext
    package init(core: CoreRequestContext) { self.core = core }
}

/// One entry of the route table, for documents, metrics and tests.
package struct Route: Hashable, Sendable {
    package let method: HTTPMethod
    /// The full pattern: `/api/v1/chats/{id}`.
    package let pattern: String
    /// A stable name, the operation of an OpenAPI document.
    package let name: String
}

/// The path segments that stand where a route's pattern has parameters, decoded.
package struct PathParameters: Sendable {
    private let names: [String]
    private let values: [String]

    /// Names and values in the order of the pattern.
    package init(names: [String] = [], values: [String] = []) {
        self.names = names
        self.values = values
    }

    /// The text of a parameter; nil when the pattern has none of this name.
    package subscript(name: String) -> String? {
        guard let index = names.firstIndex(of: name), index < values.count else { return nil }
        return values[index]
    }

    /// The text of a parameter the pattern has.
    package func text(_ name: String) -> String {
        guard let value = self[name] else { preconditionFailure("the route has no parameter \(name)") }
        return value
    }

    /// A parameter as a positive decimal number without sign or leading zeros, as large as JSON carries exactly.
    ///
    /// - Throws: 400 `invalid_value` for anything else.
    package func integer(_ name: String) throws(Problem) -> Int64 {
        let value = text(name)
        let isCanonical = value.utf8.allSatisfy(\.isDigit) && value.utf8.first != UInt8(ascii: "0")
        guard isCanonical, let number = Int64(value), number < 1 << 53 else {
            throw Problem(.badRequest, code: "invalid_value", detail: "\(name) in the path is not a number")
        }
        return number
    }
}

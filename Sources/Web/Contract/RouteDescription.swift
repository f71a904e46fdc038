/// What a route takes and what it answers: given where the route is served, published in the document, enforced where
/// it is a limit.
///
/// What the stages before the handler demand and refuse is added by them: see `Middleware.describe`.
package struct RouteDescription: Sendable {
    /// What it does, in a sentence.
    package var summary: String
    /// The part of the document it stands in.
    package var tag: String
    /// What stands for the parameters of its pattern.
    package var path: [RouteParameter]
    /// The items its query may have; there may be no others.
    package var query: [RouteParameter]
    /// The header fields it reads, beside those of every request.
    package var headers: [RouteParameter]
    /// What it reads from the body; nil where there is none.
    package var body: RouteBody?
    /// What it answers when all is well.
    package var answers: [RouteAnswer]
    /// Why it may refuse.
    package var failures: [RouteFailure]
    /// Whether it is only for those with an access token.
    package var needsToken = false
    package var limits: RequestLimits
    /// What its requests are counted as; nil where they are not counted.
    package var rateClass: String?
    /// Whether its answers tell how much is left of the quota that requests count against.
    package var tellsQuota = false

    package init(
        _ summary: String,
        tag: String,
        path: [RouteParameter] = [],
        query: [RouteParameter] = [],
        headers: [RouteParameter] = [],
        body: RouteBody? = nil,
        answers: [RouteAnswer],
        failures: [RouteFailure] = [],
        limits: RequestLimits = .standard
    ) {
        self.summary = summary
        self.tag = tag
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.answers = answers
        self.failures = failures
        self.limits = limits
    }
}

/// One value that a request carries outside of its body.
package struct RouteParameter: Sendable {
    package let name: String
    package let schema: Schema
    package let note: String?
    package let isRequired: Bool

    /// A value that may be left out, unless it is said that it may not.
    package init(_ name: String, _ schema: Schema, _ note: String? = nil, isRequired: Bool = false) {
        self.name = name
        self.schema = schema
        self.note = note
        self.isRequired = isRequired
    }
}

/// The body of a request, in JSON.
package struct RouteBody: Sendable {
    package let schema: Schema
    package let isRequired: Bool

    /// A body that must be there.
    package init(_ schema: Schema, isRequired: Bool = true) {
        self.schema = schema
        self.isRequired = isRequired
    }
}

/// An answer of a route.
package struct RouteAnswer: Sendable {
    package let status: HTTPStatus
    package let note: String
    /// Nil where there is no body.
    package let schema: Schema?
    package let contentType: String

    /// An answer with a body of this shape, or with none.
    package init(
        _ status: HTTPStatus,
        _ note: String,
        _ schema: Schema? = nil,
        contentType: String = "application/json"
    ) {
        self.status = status
        self.note = note
        self.schema = schema
        self.contentType = contentType
    }

    /// 200 with a body of this shape.
    package static func ok(_ schema: Schema, _ note: String = "Done.") -> RouteAnswer { RouteAnswer(.ok, note, schema) }

    /// 201 with a body of this shape.
    package static func created(_ schema: Schema, _ note: String = "Created.") -> RouteAnswer {
        RouteAnswer(.created, note, schema)
    }

    /// 204.
    package static let noContent = RouteAnswer(.noContent, "Done.")
}

/// A refusal a route may give, as a problem with this code.
package struct RouteFailure: Sendable, Hashable {
    package let status: HTTPStatus
    package let code: String

    /// A refusal with this code under this status.
    package init(_ status: HTTPStatus, _ code: String) {
        self.status = status
        self.code = code
    }
}

/// A route with its description, and that of the stages before it.
package struct RouteDeclaration: Sendable {
    package let route: Route
    package let description: RouteDescription
}

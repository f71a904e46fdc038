internal import IOCore

/// What every answer of a server says to browsers, whoever made it: the routes, or the connection that refuses.
///
/// No answer ever allows credentials: tokens travel in a header that only a script which knows them can set, so that a
/// page of another origin gains nothing from the browser of somebody who is logged in.
package struct AnswerPolicy: Sendable {
    /// The origins whose pages may read answers, each exactly as browsers send it; the others learn nothing of them.
    package var allowedOrigins: Set<String>
    /// For how long browsers are to insist on TLS (RFC 6797); nil where clients come without it.
    package var transportSecurity: Duration?

    /// How long browsers may believe the answer to a preflight: the most that any of them does.
    private static let preflightSeconds = 7_200
    private static let requestHeaders = "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-Id"
    private static let answerHeaders = "ETag, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id"

    /// Answers hold what is one person's, unless their route says otherwise: nothing keeps them, runs them or frames them.
    private static let standing = [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]

    package init(allowedOrigins: Set<String> = [], transportSecurity: Duration? = nil) {
        self.allowedOrigins = allowedOrigins
        self.transportSecurity = transportSecurity
    }

    /// Completes the answer to a request; where that could not be read, method and header fields are nil.
    package func complete(_ response: inout HTTPResponse, to method: HTTPMethod?, _ request: HTTPHeaders?) {
        if case .upgrade = response.body { return }
        for (name, value) in Self.standing where !response.headers.contains(name) {
            response.headers.append(name, value)
        }
        if let transportSecurity {
            let seconds = transportSecurity.components.seconds
            response.headers.append("Strict-Transport-Security", "max-age=\(seconds); includeSubDomains")
        }
        guard !allowedOrigins.isEmpty else { return }
        let preflight = method == .options ? request?["access-control-request-method"] : nil
        response.headers.append(
            "Vary",
            preflight == nil ? "Origin" : "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        )
        let origins = request?.values(of: "origin") ?? []
        guard origins.count == 1, allowedOrigins.contains(origins[0]) else { return }
        response.headers.append("Access-Control-Allow-Origin", origins[0])
        if preflight == nil {
            response.headers.append("Access-Control-Expose-Headers", Self.answerHeaders)
        } else if let methods = response.headers["allow"] {
            response.headers.append("Access-Control-Allow-Methods", methods)
            response.headers.append("Access-Control-Allow-Headers", Self.requestHeaders)
            response.headers.append("Access-Control-Max-Age", "\(Self.preflightSeconds)")
        }
    }
}

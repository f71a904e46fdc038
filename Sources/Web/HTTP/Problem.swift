internal import JSON

/// A refusal in the form clients get it (RFC 9457): thrown by handlers and middleware, answered by the router.
///
/// Everything in it is shown to the client.
package struct Problem: Error, Sendable {
    package var status: HTTPStatus
    /// Stable and machine-readable: `invalid_value`, `rate_limited` and so on.
    package var code: String
    /// What went wrong this time, for people; nil where the title says it.
    package var detail: String?
    /// Whether the same request may succeed later.
    package var retryable: Bool
    /// Becomes `Retry-After`, rounded up to seconds.
    package var retryAfter: Duration?
    /// Further headers of the answer, such as `Allow` or `WWW-Authenticate`.
    package var headers: HTTPHeaders

    /// A problem; it is retryable only when said so.
    package init(
        _ status: HTTPStatus,
        code: String,
        detail: String? = nil,
        retryable: Bool = false,
        retryAfter: Duration? = nil,
        headers: HTTPHeaders = HTTPHeaders()
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.retryable = retryable
        self.retryAfter = retryAfter
        self.headers = headers
    }

    /// The problem as `application/problem+json`; `instance` is the path it happened at, and `/` where no valid one was read.
    package func response(requestID: String, instance: String = "/") -> HTTPResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string("about:blank")
        writer.key("title")
        writer.string(status.reason)
        writer.key("status")
        writer.integer(Int64(status.code))
        writer.key("detail")
        writer.string(detail ?? status.reason)
        writer.key("instance")
        writer.string(instance)
        writer.key("code")
        writer.string(code)
        writer.key("request_id")
        writer.string(requestID)
        writer.key("retryable")
        writer.bool(retryable)
        writer.endObject()
        var headers = headers
        if let retryAfter {
            let (seconds, rest) = retryAfter.components
            headers.set("Retry-After", String(max(1, seconds + (rest > 0 ? 1 : 0))))
        }
        return HTTPResponse(status, contentType: "application/problem+json", body: writer.bytes, headers: headers)
    }
}

/// The refusals of the connection itself.
extension Problem {
    static func malformed(_ detail: String) -> Problem { Problem(400, code: "invalid_value", detail: detail) }
    static func headTooLarge(_ detail: String) -> Problem { Problem(431, code: "limit_exceeded", detail: detail) }
    static let targetTooLong = Problem(414, code: "limit_exceeded", detail: "the request line is too long")
    static let bodyTooLarge = Problem(413, code: "payload_too_large", detail: "the body is too large")
    static let expectationFailed = Problem(417, code: "invalid_value", detail: "only 100-continue can be expected")
    static let versionNotSupported = Problem(
        505,
        code: "invalid_value",
        detail: "only HTTP/1.0 and HTTP/1.1 are spoken"
    )
    static let noRoute = Problem(.notFound, code: "not_found", detail: "there is nothing at this path")
    static let methodUnknown = Problem(501, code: "method_not_allowed", detail: "the method is not known")
    static let timeout = Problem(408, code: "limit_exceeded", detail: "the request took too long", retryable: true)
    static let overloaded = Problem(
        503,
        code: "overloaded",
        detail: "the server holds as many connections as it can",
        retryable: true,
        retryAfter: .seconds(1)
    )
    /// What was asked for may yet be done.
    static let notAnswered = Problem(
        503,
        code: "overloaded",
        detail: "the server did not answer in time",
        retryable: true,
        retryAfter: .seconds(1)
    )
    /// What a client learns of an error that is not its own.
    package static let `internal` = Problem(500, code: "internal", detail: "the server failed; the fault is logged")
}

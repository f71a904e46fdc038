internal import JSON

/// One route as an operation of the document.
struct OpenAPIOperation {
    private let route: Route
    private let description: RouteDescription

    init(_ declaration: RouteDeclaration) {
        route = declaration.route
        description = declaration.description
    }

    func write(to writer: inout JSONWriter) {
        writer.key(escaping: route.method.name.lowercased())
        writer.beginObject()
        writer.key("operationId")
        writer.string(route.name)
        writer.key("summary")
        writer.string(description.summary)
        writer.key("tags")
        writer.strings([description.tag])
        writeSecurity(to: &writer)
        writeParameters(to: &writer)
        writeBody(to: &writer)
        writer.key("responses")
        writer.beginObject()
        for status in statuses { write(status, to: &writer) }
        writer.endObject()
        writeLimits(to: &writer)
        writer.endObject()
    }

    private var statuses: [HTTPStatus] {
        Set(description.answers.map(\.status) + description.failures.map(\.status)).sorted { $0.code < $1.code }
    }

    private func writeSecurity(to writer: inout JSONWriter) {
        writer.key("security")
        writer.beginArray()
        if description.needsToken {
            writer.beginObject()
            writer.key("bearer")
            writer.beginArray()
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeParameters(to writer: inout JSONWriter) {
        writer.key("parameters")
        writer.beginArray()
        for parameter in description.path { Self.write(parameter, in: "path", to: &writer) }
        for parameter in description.query { Self.write(parameter, in: "query", to: &writer) }
        for parameter in description.headers { Self.write(parameter, in: "header", to: &writer) }
        writer.endArray()
    }

    private static func write(_ parameter: RouteParameter, in place: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(parameter.name)
        writer.key("in")
        writer.string(place)
        writer.key("required")
        writer.bool(parameter.isRequired || place == "path")
        if let note = parameter.note {
            writer.key("description")
            writer.string(note)
        }
        writer.key("schema")
        parameter.schema.write(to: &writer)
        writer.endObject()
    }

    private func writeBody(to writer: inout JSONWriter) {
        guard let body = description.body else { return }
        writer.key("requestBody")
        writer.beginObject()
        writer.key("required")
        writer.bool(body.isRequired)
        writer.key("content")
        writer.beginObject()
        Self.write("application/json", to: &writer) { body.schema.write(to: &$0) }
        writer.endObject()
        writer.endObject()
    }

    /// Refusals alone, which many routes have in common, stand among the components.
    var sharedRefusals: [String: [String]] {
        var refusals: [String: [String]] = [:]
        for status in statuses where !description.answers.contains(where: { $0.status == status }) {
            refusals[Self.name(status, codes(status))] = codes(status)
        }
        return refusals
    }

    /// Writes a refusal with one of these codes.
    static func write(refusal codes: [String], isRetryable: Bool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("description")
        writer.string("Refused: \(codes.joined(separator: ", ")).")
        writeHeaders(isRetryable ? quotaHeaders + ["Retry-After"] : quotaHeaders, to: &writer)
        writer.key("content")
        writer.beginObject()
        write("application/problem+json", to: &writer) { writeProblem(codes, to: &$0) }
        writer.endObject()
        writer.endObject()
    }

    private static func name(_ status: HTTPStatus, _ codes: [String]) -> String {
        ([String(status.code)] + codes).joined(separator: ".")
    }

    private func codes(_ status: HTTPStatus) -> [String] {
        Set(description.failures.filter { $0.status == status }.map(\.code)).sorted()
    }

    /// A status may have a body of the route's own and be a refusal as well.
    private func write(_ status: HTTPStatus, to writer: inout JSONWriter) {
        let answers = description.answers.filter { $0.status == status }
        let codes = codes(status)
        writer.key(escaping: String(status.code))
        writer.beginObject()
        guard !answers.isEmpty else {
            writer.key("$ref")
            writer.string("#/components/responses/\(Self.name(status, codes))")
            writer.endObject()
            return
        }
        writer.key("description")
        let notes = answers.map(\.note) + (codes.isEmpty ? [] : ["Refused: \(codes.joined(separator: ", "))."])
        writer.string(notes.joined(separator: " "))
        if status.code != 101 { Self.writeHeaders(description.tellsQuota ? Self.quotaHeaders : [], to: &writer) }
        if answers.contains(where: { $0.schema != nil }) || !codes.isEmpty {
            writer.key("content")
            writer.beginObject()
            for answer in answers {
                guard let schema = answer.schema else { continue }
                Self.write(answer.contentType, to: &writer) { schema.write(to: &$0) }
            }
            if !codes.isEmpty {
                Self.write("application/problem+json", to: &writer) { Self.writeProblem(codes, to: &$0) }
            }
            writer.endObject()
        }
        writer.endObject()
    }

    /// The header fields that operations share, by name, and what they say.
    static let headers = [
        (
            "RateLimit",
            "Where the request was counted: what is left of the quota, and in how many seconds it is whole again."
        ),
        ("RateLimit-Policy", "Where the request was counted: the name of the quota, its size and its seconds."),
        ("Retry-After", "After how many seconds to try again."),
        ("X-Request-Id", "The request in logs: the caller's X-Request-Id when that is valid, else a new one."),
    ]
    private static let quotaHeaders = ["RateLimit", "RateLimit-Policy"]

    private static func writeHeaders(_ names: [String], to writer: inout JSONWriter) {
        writer.key("headers")
        writer.beginObject()
        for name in names + ["X-Request-Id"] {
            writer.key(escaping: name)
            writer.beginObject()
            writer.key("$ref")
            writer.string("#/components/headers/\(name)")
            writer.endObject()
        }
        writer.endObject()
    }

    private static func write(_ contentType: String, to writer: inout JSONWriter, _ schema: (inout JSONWriter) -> Void)
    {
        writer.key(escaping: contentType)
        writer.beginObject()
        writer.key("schema")
        schema(&writer)
        writer.endObject()
    }

    private static func writeProblem(_ codes: [String], to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("$ref")
        writer.string("#/components/schemas/Problem")
        writer.key("properties")
        writer.beginObject()
        writer.key("code")
        writer.beginObject()
        writer.key("enum")
        writer.strings(codes)
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    private func writeLimits(to writer: inout JSONWriter) {
        writer.key("x-body-limit-bytes")
        writer.integer(description.limits.bodyBytes)
        writer.key("x-time-limit-seconds")
        writer.integer(description.limits.answerTimeout.components.seconds)
    }
}

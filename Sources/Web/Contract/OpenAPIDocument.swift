internal import JSON

/// The OpenAPI 3.1 document of a router, made of the declarations it serves by.
package enum OpenAPIDocument {
    /// What the document says of the whole.
    package struct Title: Sendable {
        package let title: String
        package let version: String
        package let description: String

        package init(title: String, version: String, description: String) {
            self.title = title
            self.version = version
            self.description = description
        }
    }

    /// Encodes the document; routes keep their order, shapes are sorted by name.
    package static func encode(_ title: Title, _ routes: [RouteDeclaration]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 256 * 1024)
        writer.beginObject()
        writer.key("openapi")
        writer.string("3.1.0")
        write(title, to: &writer)
        writer.key("paths")
        writer.beginObject()
        for (pattern, routes) in grouped(routes) {
            writer.key(escaping: pattern)
            writer.beginObject()
            for declaration in routes { OpenAPIOperation(declaration).write(to: &writer) }
            writer.endObject()
        }
        writer.endObject()
        writeComponents(of: routes, to: &writer)
        writeTags(of: routes, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ title: Title, to writer: inout JSONWriter) {
        writer.key("info")
        writer.beginObject()
        writer.key("title")
        writer.string(title.title)
        writer.key("version")
        writer.string(title.version)
        writer.key("description")
        writer.string(title.description)
        writer.endObject()
    }

    /// Paths in the order of their first route.
    private static func grouped(_ routes: [RouteDeclaration]) -> [(String, [RouteDeclaration])] {
        var order: [String] = []
        var groups: [String: [RouteDeclaration]] = [:]
        for declaration in routes {
            let pattern = declaration.route.pattern
            if groups[pattern] == nil { order.append(pattern) }
            groups[pattern, default: []].append(declaration)
        }
        return order.map { ($0, groups[$0] ?? []) }
    }

    private static func writeComponents(of routes: [RouteDeclaration], to writer: inout JSONWriter) {
        var schemas: [String: Schema] = [:]
        Schema.problem.collect(into: &schemas)
        for declaration in routes { declaration.description.collect(into: &schemas) }
        writer.key("components")
        writer.beginObject()
        writer.key("schemas")
        writer.beginObject()
        for (name, schema) in schemas.sorted(by: { $0.key < $1.key }) {
            writer.key(escaping: name)
            schema.write(to: &writer)
        }
        writer.endObject()
        writeRefusals(of: routes, to: &writer)
        writer.key("headers")
        writer.beginObject()
        for (name, note) in OpenAPIOperation.headers {
            writer.key(escaping: name)
            writer.beginObject()
            writer.key("description")
            writer.string(note)
            writer.key("schema")
            Schema.text.write(to: &writer)
            writer.endObject()
        }
        writer.endObject()
        writer.key("securitySchemes")
        writer.beginObject()
        writer.key("bearer")
        writer.beginObject()
        writer.type("http")
        writer.key("scheme")
        writer.string("bearer")
        writer.key("bearerFormat")
        writer.string("JWT")
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    private static func writeRefusals(of routes: [RouteDeclaration], to writer: inout JSONWriter) {
        let refusals = routes.reduce(into: [:]) {
            $0.merge(OpenAPIOperation($1).sharedRefusals) { first, _ in first }
        }
        writer.key("responses")
        writer.beginObject()
        for (name, codes) in refusals.sorted(by: { $0.key < $1.key }) {
            writer.key(escaping: name)
            // Named by their status first.
            let isRetryable = name.hasPrefix("429.") || name.hasPrefix("503.")
            OpenAPIOperation.write(refusal: codes, isRetryable: isRetryable, to: &writer)
        }
        writer.endObject()
    }

    private static func writeTags(of routes: [RouteDeclaration], to writer: inout JSONWriter) {
        var seen: Set<String> = []
        writer.key("tags")
        writer.beginArray()
        for tag in routes.map(\.description.tag) where seen.insert(tag).inserted {
            writer.beginObject()
            writer.key("name")
            writer.string(tag)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension RouteDescription {
    fileprivate func collect(into schemas: inout [String: Schema]) {
        for parameter in path + query + headers { parameter.schema.collect(into: &schemas) }
        body?.schema.collect(into: &schemas)
        for answer in answers { answer.schema?.collect(into: &schemas) }
    }
}

extension Schema {
    /// Every refusal (RFC 9457).
    package static let problem = Schema.named(
        "Problem",
        .object(
            .required("type", .words(["about:blank"])),
            .required("title", .text),
            .required("status", .integer(400...599)),
            .required("detail", .text, "For people."),
            .required(
                "instance",
                .text,
                "The path that was asked for; / where the request was refused before it was read."
            ),
            .required("code", .text, "Stable, for programs."),
            .required("request_id", .text),
            .required("retryable", .boolean, "Whether the same request may succeed later.")
        )
    )
}

package import JSON
package import Web

/// The contract a server publishes, against which its answers are held.
package struct ContractDocument: Sendable {
    /// One operation of the document.
    package struct Operation: Sendable {
        package let id: String
        package let method: HTTPMethod
        package let pattern: String
        package let responses: JSONObject
    }

    /// All operations, in the order of the document.
    package let operations: [Operation]
    private let routes: [String: [(segments: [Substring], operations: [String: Operation])]]
    private let schemas: [String: JSONObject]
    private let refusals: JSONObject

    /// Reads a document; what is no OpenAPI makes one without operations.
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        var reader = try JSONObjectReader(parsing: bytes, maximumDepth: 64)
        let paths = try reader.required("paths", as: JSONObject.self)
        let components = try reader.required("components", as: JSONObject.self)
        refusals = components.object("responses")
        schemas = Dictionary(
            uniqueKeysWithValues: components.object("schemas").members.map {
                ($0.name, components.object("schemas").object($0.name))
            }
        )
        var all: [Operation] = []
        var routes: [String: [(segments: [Substring], operations: [String: Operation])]] = [:]
        for path in paths.members {
            guard case .object(let methods) = path.value else { continue }
            var found: [String: Operation] = [:]
            for member in methods.members {
                guard case .object(let fields) = member.value else { continue }
                let operation = Operation(
                    id: fields.string("operationId") ?? "",
                    method: HTTPMethod(member.name.uppercased()),
                    pattern: path.name,
                    responses: fields.object("responses")
                )
                found[member.name] = operation
                all.append(operation)
            }
            let segments = Self.segments(path.name)
            routes["\(segments.count)", default: []].append((segments, found))
        }
        operations = all
        self.routes = routes
    }

    /// What in an answer the contract does not say.
    package func violations(
        _ method: HTTPMethod,
        _ target: String,
        status: Int,
        contentType: String?,
        body: [UInt8]
    ) -> [String] {
        let path = String(target.prefix { $0 != "?" })
        let type = contentType?.split(separator: ";").first.map(String.init)
        let isHEAD = method == .head
        guard method != .options, let operation = operation(isHEAD ? .get : method, path) else {
            return status == 204 ? [] : problems(in: body, type)
        }
        // A node that plays some roles only has fewer routes than the document of one that plays all.
        if status == 404, problemDetail(body) == "there is nothing at this path" { return [] }
        guard let response = response(operation, status) else { return ["\(operation.id) has no answer \(status)"] }
        if isHEAD { return [] }
        let contents = response.object("content")
        guard let type else {
            return contents.members.isEmpty || body.isEmpty ? [] : ["a body without a type"]
        }
        guard case .object(let content)? = contents[type] else {
            return ["\(operation.id) answers \(status) with \(type), which is not declared"]
        }
        return type.hasSuffix("json") ? check(body, content.object("schema")) : []
    }

    /// The operation that a request leads to; the more literal its pattern, the better.
    package func operation(_ method: HTTPMethod, _ path: String) -> Operation? {
        let segments = Self.segments(path)
        let fitting = (routes["\(segments.count)"] ?? []).filter { route in
            zip(route.segments, segments).allSatisfy { $0.hasPrefix("{") ? !$1.isEmpty : $0 == $1 }
        }
        let best = fitting.min { $0.segments.count { $0.hasPrefix("{") } < $1.segments.count { $0.hasPrefix("{") } }
        return best?.operations[method.name.lowercased()]
    }

    private func response(_ operation: Operation, _ status: Int) -> JSONObject? {
        guard case .object(let response)? = operation.responses["\(status)"] else { return nil }
        guard let name = response.string("$ref")?.split(separator: "/").last else { return response }
        return refusals.object(String(name))
    }

    private func problems(in body: [UInt8], _ type: String?) -> [String] {
        guard type == "application/problem+json" else { return ["a refusal that is no problem"] }
        return check(body, schemas["Problem"] ?? JSONObject([]))
    }

    private func problemDetail(_ body: [UInt8]) -> String? {
        if case .object(let object)? = try? JSONValue(parsing: body) { object.string("detail") } else { nil }
    }

    private func check(_ body: [UInt8], _ schema: JSONObject) -> [String] {
        guard let value = try? JSONValue(parsing: body, maximumDepth: 64) else { return ["the body is no JSON"] }
        var check = SchemaCheck(schemas: schemas)
        check.check(value, schema)
        return check.violations
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }
}

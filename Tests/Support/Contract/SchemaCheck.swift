package import JSON

/// Holds a JSON value against a JSON Schema, as far as our documents use it.
///
/// Stricter than JSON Schema in one thing: an object with declared fields may have no others, so that an answer holds
/// nothing that nobody declared.
package struct SchemaCheck {
    /// What is wrong, each with its place.
    package private(set) var violations: [String] = []
    private let schemas: [String: JSONObject]

    /// A check with the named schemas that others refer to.
    package init(schemas: [String: JSONObject]) { self.schemas = schemas }

    package mutating func check(_ value: JSONValue, _ schema: JSONObject, at place: String = "$") {
        if let reference = schema.string("$ref") {
            guard let name = reference.split(separator: "/").last, let named = schemas[String(name)] else {
                return refuse(place, "there is no shape \(reference)")
            }
            check(value, named, at: place)
        }
        if case .array(let choices)? = schema["anyOf"] { checkChoices(value, choices, at: place) }
        if case .array(let words)? = schema["enum"], !words.contains(value) {
            refuse(place, "\(value) is none of \(words)")
        }
        if let type = schema.string("type") { checkType(value, type, schema, at: place) }
        if schema["type"] == nil, case .object(let object) = value { checkFields(object, schema, at: place) }
    }

    private mutating func refuse(_ place: String, _ what: String) { violations.append("\(place): \(what)") }

    private mutating func checkChoices(_ value: JSONValue, _ choices: [JSONValue], at place: String) {
        var reasons: [String] = []
        for case .object(let choice) in choices {
            var attempt = SchemaCheck(schemas: schemas)
            attempt.check(value, choice, at: place)
            if attempt.violations.isEmpty { return }
            reasons += attempt.violations
        }
        violations += reasons
    }

    private mutating func checkType(_ value: JSONValue, _ type: String, _ schema: JSONObject, at place: String) {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("number", .integer), ("number", .double): break
        case ("integer", .integer(let number)):
            let range = (schema.integer("minimum") ?? .min)...(schema.integer("maximum") ?? .max)
            if !range.contains(number) { refuse(place, "\(number) is not in \(range)") }
        case ("string", .string(let text)): checkText(text, schema, at: place)
        case ("array", .array(let elements)):
            let range = (schema.integer("minItems") ?? 0)...(schema.integer("maxItems") ?? .max)
            if !range.contains(Int64(elements.count)) { refuse(place, "\(elements.count) elements") }
            for (index, element) in elements.enumerated() {
                check(element, schema.object("items"), at: "\(place)[\(index)]")
            }
        case ("object", .object(let object)): checkObject(object, schema, at: place)
        default: refuse(place, "is no \(type)")
        }
    }

    private mutating func checkText(_ text: String, _ schema: JSONObject, at place: String) {
        let range = (schema.integer("minLength") ?? 0)...(schema.integer("maxLength") ?? .max)
        if !range.contains(Int64(text.unicodeScalars.count)) {
            refuse(place, "\(text.unicodeScalars.count) characters")
        }
        if let pattern = schema.string("pattern") {
            guard let expression = try? Regex(pattern) else { return refuse(place, "\(pattern) is no pattern") }
            if (try? expression.firstMatch(in: text)) == nil { refuse(place, "\(text) does not match \(pattern)") }
        }
        switch schema.string("format") {
        case "date-time" where text.wholeMatch(of: Self.time) == nil: refuse(place, "\(text) is no time")
        case "uuid" where text.wholeMatch(of: Self.uuid) == nil: refuse(place, "\(text) is no UUID")
        default: break
        }
    }

    /// Times as ours are: UTC with milliseconds.
    private static var time: Regex<Substring> { /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/ }
    private static var uuid: Regex<Substring> { /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/ }

    private mutating func checkObject(_ object: JSONObject, _ schema: JSONObject, at place: String) {
        if case .array(let names)? = schema["required"] {
            for case .string(let name) in names where object[name] == nil { refuse(place, "\(name) is missing") }
        }
        checkFields(object, schema, at: place)
        let declared = schema.object("properties")
        for member in object.members where declared[member.name] == nil {
            if case .object(let others)? = schema["additionalProperties"] {
                check(member.value, others, at: "\(place).\(member.name)")
            } else {
                refuse(place, "\(member.name) is not declared")
            }
        }
    }

    private mutating func checkFields(_ object: JSONObject, _ schema: JSONObject, at place: String) {
        for property in schema.object("properties").members {
            guard let value = object[property.name], case .object(let rules) = property.value else { continue }
            check(value, rules, at: "\(place).\(property.name)")
        }
    }
}

package import JSON

/// JSON Schema, draft 2020-12.
extension Schema {
    /// Writes the shape, with the named ones inside it as references.
    package func write(to writer: inout JSONWriter, note: String? = nil) {
        writer.beginObject()
        if let note {
            writer.key("description")
            writer.string(note)
        }
        writeMembers(to: &writer)
        writer.endObject()
    }

    /// Adds to `components` every named shape within this one.
    package func collect(into components: inout [String: Schema]) {
        switch self {
        case .named(let name, let schema):
            precondition(components[name] == nil || components[name] == schema, "two shapes are named \(name)")
            guard components.updateValue(schema, forKey: name) == nil else { return }
            schema.collect(into: &components)
        case .array(let schema, _), .map(let schema), .nullable(let schema): schema.collect(into: &components)
        case .object(let fields, _): for field in fields { field.schema.collect(into: &components) }
        case .either(let schemas): for schema in schemas { schema.collect(into: &components) }
        case .text, .integer, .number, .boolean, .words, .anything: break
        }
    }

    private func writeMembers(to writer: inout JSONWriter) {
        switch self {
        case .named(let name, _):
            writer.key("$ref")
            writer.string("#/components/schemas/\(name)")
        case .text(let rules): Self.write(rules, to: &writer)
        case .integer(let range):
            writer.type("integer")
            writer.key("minimum")
            writer.integer(range.lowerBound)
            writer.key("maximum")
            writer.integer(range.upperBound)
        case .number: writer.type("number")
        case .boolean: writer.type("boolean")
        case .words(let words):
            writer.type("string")
            writer.key("enum")
            writer.strings(words)
        case .array(let element, let count): Self.write(arrayOf: element, count, to: &writer)
        case .object(let fields, let isClosed): Self.write(fields, isClosed, to: &writer)
        case .map(let value):
            writer.type("object")
            writer.key("additionalProperties")
            value.write(to: &writer)
        case .nullable(let schema): Self.write(anyOf: [schema], orNull: true, to: &writer)
        case .either(let schemas): Self.write(anyOf: schemas, orNull: false, to: &writer)
        case .anything: break
        }
    }

    private static func write(_ rules: TextRules, to writer: inout JSONWriter) {
        writer.type("string")
        if let lengths = rules.lengths {
            writer.key("minLength")
            writer.integer(lengths.lowerBound)
            writer.key("maxLength")
            writer.integer(lengths.upperBound)
        }
        if let pattern = rules.pattern {
            writer.key("pattern")
            writer.string(pattern)
        }
        if let format = rules.format {
            writer.key("format")
            writer.string(format)
        }
    }

    private static func write(arrayOf element: Schema, _ count: ClosedRange<Int>, to writer: inout JSONWriter) {
        writer.type("array")
        writer.key("items")
        element.write(to: &writer)
        if count.lowerBound > 0 {
            writer.key("minItems")
            writer.integer(count.lowerBound)
        }
        if count.upperBound < .max {
            writer.key("maxItems")
            writer.integer(count.upperBound)
        }
    }

    private static func write(_ fields: [SchemaField], _ isClosed: Bool, to writer: inout JSONWriter) {
        writer.type("object")
        writer.key("properties")
        writer.beginObject()
        for field in fields {
            writer.key(escaping: field.name)
            field.schema.write(to: &writer, note: field.note)
        }
        writer.endObject()
        let required = fields.filter(\.isRequired).map(\.name)
        if !required.isEmpty {
            writer.key("required")
            writer.strings(required)
        }
        if isClosed {
            writer.key("additionalProperties")
            writer.bool(false)
        }
    }

    private static func write(anyOf schemas: [Schema], orNull isNullable: Bool, to writer: inout JSONWriter) {
        writer.key("anyOf")
        writer.beginArray()
        for schema in schemas { schema.write(to: &writer) }
        if isNullable {
            writer.beginObject()
            writer.type("null")
            writer.endObject()
        }
        writer.endArray()
    }
}

extension JSONWriter {
    mutating func type(_ name: String) {
        key("type")
        string(name)
    }

    mutating func strings(_ strings: some Sequence<String>) {
        beginArray()
        for text in strings { string(text) }
        endArray()
    }
}

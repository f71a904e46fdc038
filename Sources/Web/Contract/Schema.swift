/// The shape of a JSON value, declared as a plain value and published as JSON Schema 2020-12.
///
/// A named shape is published once, as a component, and referred to wherever it is used. Shapes are finite: none holds
/// itself.
package indirect enum Schema: Sendable, Equatable {
    /// A shape with a name of its own in the document.
    case named(String, Schema)
    case text(TextRules)
    case integer(ClosedRange<Int64>)
    case number
    case boolean
    /// One of these strings.
    case words([String])
    case array(Schema, count: ClosedRange<Int>)
    /// An object with these fields; a closed one, as in requests, has no others.
    case object([SchemaField], isClosed: Bool)
    /// An object whose names are free and whose values are alike.
    case map(Schema)
    case nullable(Schema)
    case either([Schema])
    case anything
}

/// What a string must be.
package struct TextRules: Sendable, Equatable {
    /// In Unicode scalars, as JSON Schema counts.
    package var lengths: ClosedRange<Int>?
    /// A regular expression that it must match somewhere (ECMA-262).
    package var pattern: String?
    /// A format of JSON Schema: `date-time`, `uuid`.
    package var format: String?
}

/// A field of an object.
package struct SchemaField: Sendable, Equatable {
    package let name: String
    package let schema: Schema
    package let isRequired: Bool
    package let note: String?

    /// A field that is always there.
    package static func required(_ name: String, _ schema: Schema, _ note: String? = nil) -> SchemaField {
        SchemaField(name: name, schema: schema, isRequired: true, note: note)
    }

    /// A field that may be absent.
    package static func optional(_ name: String, _ schema: Schema, _ note: String? = nil) -> SchemaField {
        SchemaField(name: name, schema: schema, isRequired: false, note: note)
    }
}

extension Schema {
    /// The largest number that JSON carries exactly everywhere.
    private static let maximum: Int64 = 1 << 53 - 1

    /// Any string.
    package static let text = Schema.text(TextRules())
    /// A string of so many characters.
    package static func text(_ lengths: ClosedRange<Int>) -> Schema { .text(TextRules(lengths: lengths)) }
    /// A string that matches a pattern.
    package static func text(matching pattern: String) -> Schema { .text(TextRules(pattern: pattern)) }
    /// A moment in RFC 3339.
    package static let time = Schema.text(TextRules(format: "date-time"))
    /// A UUID.
    package static let uuid = Schema.text(TextRules(format: "uuid"))
    /// The number of something that exists.
    package static let id = Schema.integer(1...maximum)
    /// How many.
    package static let count = Schema.integer(0...maximum)

    /// A list of any length.
    package static func array(_ element: Schema) -> Schema { .array(element, count: 0...Int.max) }

    /// An object that may have more fields one day, as answers do.
    package static func object(_ fields: SchemaField...) -> Schema { .object(fields, isClosed: false) }

    /// An object that must have no other fields, as requests must not.
    package static func closed(_ fields: SchemaField...) -> Schema { .object(fields, isClosed: true) }
}

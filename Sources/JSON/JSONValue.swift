/// A JSON value that was read, with its integers exact and its members in their order.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent.
    case integer(Int64)
    /// A number written with a fraction or an exponent; always finite.
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// How deep values may nest when a caller does not say.
    package static let defaultMaximumDepth = 16

    /// Reads one JSON text (RFC 8259) and nothing after it.
    ///
    /// Stricter than the RFC where it leaves room: duplicate names, invalid UTF-8, lone surrogates, the character NUL,
    /// numbers beyond `Int64` or `Double`, and more than `maximumDepth` arrays and objects within each other are refused.
    /// Takes time linear in `bytes`.
    package init(parsing bytes: Span<UInt8>, maximumDepth: Int = defaultMaximumDepth) throws(JSONError) {
        self = try JSONParser.parse(bytes, maximumDepth: maximumDepth)
    }

    /// Reads one JSON text, as from a span.
    package init(parsing bytes: [UInt8], maximumDepth: Int = defaultMaximumDepth) throws(JSONError) {
        self = try JSONParser.parse(bytes.span, maximumDepth: maximumDepth)
    }
}

/// The members of a JSON object in the order they were written; no name occurs twice.
package struct JSONObject: Equatable, Sendable {
    /// One name and its value.
    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package let members: [Member]

    /// Trusts the caller that no name occurs twice.
    package init(_ members: [Member]) {
        self.members = members
    }

    /// The value of `name`, or nil where there is none; linear in the number of members, which requests keep small.
    package subscript(name: String) -> JSONValue? {
        members.first { $0.name == name }?.value
    }
}

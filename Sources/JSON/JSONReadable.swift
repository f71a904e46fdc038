/// A type that fields of a JSON object can be read as.
package protocol JSONReadable {
    /// Completes "must be …" in errors.
    static var jsonDescription: String { get }

    /// Nil unless `json` is of this type; nothing is converted.
    init?(json: JSONValue)
}

extension String: JSONReadable {
    package static let jsonDescription = "a string"

    package init?(json: JSONValue) {
        guard case .string(let value) = json else { return nil }
        self = value
    }
}

extension Int64: JSONReadable {
    package static let jsonDescription = "an integer"

    package init?(json: JSONValue) {
        guard case .integer(let value) = json else { return nil }
        self = value
    }
}

extension Double: JSONReadable {
    package static let jsonDescription = "a number"

    /// Takes integers as well, rounded to the nearest `Double`.
    package init?(json: JSONValue) {
        switch json {
        case .integer(let value): self = Double(value)
        case .double(let value): self = value
        default: return nil
        }
    }
}

extension Bool: JSONReadable {
    package static let jsonDescription = "true or false"

    package init?(json: JSONValue) {
        guard case .bool(let value) = json else { return nil }
        self = value
    }
}

extension Array: JSONReadable where Element == JSONValue {
    package static var jsonDescription: String { "an array" }

    package init?(json: JSONValue) {
        guard case .array(let value) = json else { return nil }
        self = value
    }
}

extension JSONObject: JSONReadable {
    package static let jsonDescription = "an object"

    package init?(json: JSONValue) {
        guard case .object(let value) = json else { return nil }
        self = value
    }
}

/// Takes an object apart field by field and then refuses what was not asked for, so that no request sets more than
/// its route knows.
///
/// Ask for every field the request may have, then call ``finish()``.
package struct JSONObjectReader: Sendable {
    private let object: JSONObject
    private let path: String
    private var isAsked: [Bool]

    /// Reads from `object`, which was found at `path` of its document.
    package init(_ object: JSONObject, path: String = "") {
        self.object = object
        self.path = path
        isAsked = [Bool](repeating: false, count: object.members.count)
    }

    /// Reads from the object that `bytes` hold; refuses any other JSON value at the top.
    package init(parsing bytes: Span<UInt8>, maximumDepth: Int = JSONValue.defaultMaximumDepth) throws(JSONError) {
        guard case .object(let object) = try JSONValue(parsing: bytes, maximumDepth: maximumDepth) else {
            throw JSONError(.invalidJSON, message: "must be an object")
        }
        self.init(object)
    }

    /// Reads from the object that `bytes` hold, as from a span.
    package init(parsing bytes: [UInt8], maximumDepth: Int = JSONValue.defaultMaximumDepth) throws(JSONError) {
        try self.init(parsing: bytes.span, maximumDepth: maximumDepth)
    }

    /// The value of `name`; absent, null and another type are `invalidValue`.
    package mutating func required<Value: JSONReadable>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(JSONError) -> Value {
        guard let value = try optional(name, as: type) else {
            throw JSONError(.invalidValue, path: join(name), message: "is required")
        }
        return value
    }

    /// The value of `name`, or nil where it is absent or null; another type is `invalidValue`.
    package mutating func optional<Value: JSONReadable>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(JSONError) -> Value? {
        switch try field(name, as: type) {
        case .absent, .null: nil
        case .value(let value): value
        }
    }

    /// What stands under `name`, for changes in which null means "remove" and absence "leave"; another type is
    /// `invalidValue`.
    package mutating func field<Value: JSONReadable>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(JSONError) -> JSONField<Value> {
        guard let index = object.members.firstIndex(where: { $0.name == name }) else { return .absent }
        isAsked[index] = true
        let value = object.members[index].value
        if case .null = value { return .null }
        guard let typed = Value(json: value) else {
            throw JSONError(.invalidValue, path: join(name), message: "must be \(Value.jsonDescription)")
        }
        return .value(typed)
    }

    /// A reader of the object under `name`, to be finished by itself; absent, null and another type are `invalidValue`.
    package mutating func requiredObject(_ name: String) throws(JSONError) -> JSONObjectReader {
        JSONObjectReader(try required(name), path: join(name))
    }

    /// A reader of the object under `name`, or nil where it is absent or null; another type is `invalidValue`.
    package mutating func optionalObject(_ name: String) throws(JSONError) -> JSONObjectReader? {
        guard let object = try optional(name, as: JSONObject.self) else { return nil }
        return JSONObjectReader(object, path: join(name))
    }

    /// Refuses the object as `unknownField` if it has a field that was never asked for, naming the first such field.
    package func finish() throws(JSONError) {
        guard let index = isAsked.firstIndex(of: false) else { return }
        throw JSONError(.unknownField, path: join(object.members[index].name), message: "is not a known field")
    }

    private func join(_ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }
}

/// What an object says about one of its fields.
package enum JSONField<Value> {
    case absent
    case null
    case value(Value)
}

extension JSONField: Sendable where Value: Sendable {}
extension JSONField: Equatable where Value: Equatable {}

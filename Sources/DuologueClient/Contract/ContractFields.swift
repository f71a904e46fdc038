internal import JSON

/// The fields of an object the server sent, read as the contract has them.
struct ContractFields: Sendable {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    func required<Value: JSONReadable>(_ name: String, as type: Value.Type = Value.self) throws(DuologueError) -> Value
    {
        guard let value = try optional(name, as: type) else { throw DuologueError(.contract, "there is no \(name)") }
        return value
    }

    /// Nil where it is absent or null.
    func optional<Value: JSONReadable>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(DuologueError) -> Value? {
        switch object[name] {
        case nil, .null: return nil
        case let json?:
            guard let value = Value(json: json) else {
                throw DuologueError(.contract, "\(name) is not \(Value.jsonDescription)")
            }
            return value
        }
    }

    func time(_ name: String) throws(DuologueError) -> DuologueClient.Timestamp {
        guard let time = try optionalTime(name) else { throw DuologueError(.contract, "there is no \(name)") }
        return time
    }

    func optionalTime(_ name: String) throws(DuologueError) -> DuologueClient.Timestamp? {
        guard let text = try optional(name, as: String.self) else { return nil }
        guard let time = DuologueClient.Timestamp(text) else { throw DuologueError(.contract, "\(name) is no time") }
        return time
    }

    func messageID(_ name: String) throws(DuologueError) -> DuologueClient.MessageID {
        guard let id = try optionalMessageID(name) else { throw DuologueError(.contract, "there is no \(name)") }
        return id
    }

    func optionalMessageID(_ name: String) throws(DuologueError) -> DuologueClient.MessageID? {
        guard let text = try optional(name, as: String.self) else { return nil }
        guard let id = DuologueClient.MessageID(text) else {
            throw DuologueError(.contract, "\(name) is no message id")
        }
        return id
    }

    func optionalFields(_ name: String) throws(DuologueError) -> ContractFields? {
        try optional(name, as: JSONObject.self).map(ContractFields.init)
    }

    func requiredModel<Model: ContractModel>(_ name: String) throws(DuologueError) -> Model {
        try Model(ContractFields(try required(name)))
    }

    func model<Model: ContractModel>(_ name: String) throws(DuologueError) -> Model? {
        guard let fields = try optionalFields(name) else { return nil }
        return try Model(fields)
    }

    /// Empty where it is absent.
    func list<Model: ContractModel>(_ name: String) throws(DuologueError) -> [Model] {
        var models: [Model] = []
        for value in try optional(name, as: [JSONValue].self) ?? [] {
            guard case .object(let object) = value else {
                throw DuologueError(.contract, "\(name) holds more than objects")
            }
            models.append(try Model(ContractFields(object)))
        }
        return models
    }

    /// Empty where it is absent.
    func integers(_ name: String) throws(DuologueError) -> [Int64] {
        var numbers: [Int64] = []
        for value in try optional(name, as: [JSONValue].self) ?? [] {
            guard case .integer(let number) = value else {
                throw DuologueError(.contract, "\(name) holds more than integers")
            }
            numbers.append(number)
        }
        return numbers
    }
}

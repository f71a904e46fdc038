internal import JSON

extension DuologueClient {
    /// Whom a message calls.
    public enum Mention: Sendable, Hashable {
        case user(UserID)
        /// Everybody who is online.
        case here
        /// Everybody in the chat.
        case all
        /// A kind that a later server may know.
        case other(String)
    }
}

extension DuologueClient.Mention: ContractModel {
    init(_ fields: ContractFields) throws(DuologueError) {
        switch try fields.required("kind", as: String.self) {
        case "user": self = .user(DuologueClient.UserID(rawValue: try fields.required("user_id")))
        case "here": self = .here
        case "all": self = .all
        case let kind: self = .other(kind)
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch self {
        case .user(let user):
            writer.field("kind", "user")
            writer.field("user_id", user.rawValue)
        case .here: writer.field("kind", "here")
        case .all: writer.field("kind", "all")
        case .other(let kind): writer.field("kind", kind)
        }
        writer.endObject()
    }
}

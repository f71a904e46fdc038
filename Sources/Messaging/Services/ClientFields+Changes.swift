package import Domain
package import JSON

/// The fields of changes to messages, chats and members.
extension ClientFields {
    /// Most characters of the address of a picture.
    package static let addressLimit = 2_000
    /// Most people who are taken into a chat by one request.
    package static let additionLimit = 100

    /// The fields of an edit; the caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func edit(_ reader: inout JSONObjectReader) throws -> MessageEdit {
        let content: String = try reader.required("content")
        try check(content: content)
        return MessageEdit(content: content, mentions: try newMentions(&reader))
    }

    /// One emoji under `emoji`.
    package static func emoji(_ reader: inout JSONObjectReader) throws -> String {
        let emoji: String = try reader.required("emoji")
        try EmojiSequence.check(emoji)
        return emoji
    }

    /// A message id under `message_id`.
    package static func messageID(_ reader: inout JSONObjectReader) throws -> MessageID {
        guard let id = MessageID(try reader.required("message_id", as: String.self)) else {
            throw Failure(.invalidValue, "message_id: must be a message_id")
        }
        return id
    }

    /// The number of the last message read, under `seq`.
    package static func readSequence(_ reader: inout JSONObjectReader) throws -> SequenceNumber {
        let number: Int64 = try reader.required("seq")
        guard number >= 0 else { throw Failure(.invalidValue, "seq: must not be negative") }
        return SequenceNumber(rawValue: number)
    }

    /// The fields of a change to a chat: null clears one, an absent one stays; the caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func chatChange(_ reader: inout JSONObjectReader) throws -> ChatChange {
        let avatarURL = try change("avatar_url", &reader, limit: addressLimit)
        if case .set(let address) = avatarURL { try check(address: address) }
        return ChatChange(
            name: try change("name", &reader, limit: nameLimit),
            description: try change("description", &reader, limit: descriptionLimit, hasLines: true),
            avatarURL: avatarURL,
            visibility: try word("visibility", &reader, "private or public")
        )
    }

    /// A role under `role`.
    package static func role(_ reader: inout JSONObjectReader) throws -> Role {
        guard let role: Role = try word("role", &reader, "owner, admin or member") else {
            throw Failure(.invalidValue, "role: is required")
        }
        return role
    }

    /// Who is to be taken into a chat: one under `user_id`, or several under `user_ids`, each once.
    ///
    /// The caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func additions(
        _ reader: inout JSONObjectReader,
        memberLimit: Int
    ) throws -> (additions: [ParticipantAddition], isList: Bool) {
        let one = try reader.optional("user_id", as: Int64.self)
        let several = try reader.optional("user_ids", as: [JSONValue].self)
        let role: Role = try word("role", &reader, "owner, admin or member") ?? .member
        let named: [Int64]
        switch (one, several) {
        case (let user?, nil): named = try integers([.integer(user)], "user_id")
        case (nil, let users?): named = try integers(users, "user_ids")
        default: throw Failure(.invalidValue, "either user_id or user_ids is required")
        }
        guard !named.isEmpty else { throw Failure(.invalidValue, "user_ids: must name somebody") }
        guard named.count <= additionLimit else {
            throw Failure(.limitExceeded, "user_ids: at most \(additionLimit) at a time")
        }
        guard Set(named).count == named.count else { throw Failure(.invalidValue, "user_ids: must differ") }
        let additions = named.map {
            ParticipantAddition(user: UserID(rawValue: $0), role: role, memberLimit: memberLimit)
        }
        return (additions, several != nil)
    }

    static func change(
        _ name: String,
        _ reader: inout JSONObjectReader,
        limit: Int,
        hasLines: Bool = false
    ) throws -> FieldChange? {
        switch try reader.field(name, as: String.self) {
        case .absent: return nil
        case .null: return .clear
        case .value(let text):
            try check(label: text, name, limit: limit, hasLines: hasLines)
            return .set(text)
        }
    }

    static func word<Value: RawRepresentable<String>>(
        _ name: String,
        _ reader: inout JSONObjectReader,
        _ values: String
    ) throws -> Value? {
        guard let text = try reader.optional(name, as: String.self) else { return nil }
        guard let value = Value(rawValue: text) else { throw Failure(.invalidValue, "\(name): must be \(values)") }
        return value
    }

    /// Clients show it as a picture, so it must be nothing else: no script, no blank.
    private static func check(address: String) throws(Failure) {
        // Browsers read a backslash as a slash.
        let isKnown =
            ["https://", "http://", "/"].contains { address.hasPrefix($0) } && !address.hasPrefix("//")
            && !address.utf8.contains(UInt8(ascii: "\\"))
        guard isKnown, !address.unicodeScalars.contains(where: { $0.properties.isWhitespace }) else {
            throw Failure(.invalidValue, "avatar_url: must be an http address or a path")
        }
    }
}

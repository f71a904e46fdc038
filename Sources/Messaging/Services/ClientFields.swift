package import Domain
package import JSON

/// Reads the fields of a message or a chat that clients give, over REST and socket alike, and checks them.
package enum ClientFields {
    /// Most characters (Unicode scalars) of a message's content.
    package static let contentLimit = 10_000
    /// Most characters of a chat's name, and of its description.
    package static let nameLimit = 200, descriptionLimit = 2_000
    /// Most attachments and mentions of a message.
    package static let attachmentLimit = 10, mentionLimit = 100
    /// Most characters of the name of a medium, and of the other texts of an attachment.
    package static let mediaIDLimit = 500, attachmentNameLimit = 255

    /// The fields of a message to be sent to `chat`; the caller finishes the reader.
    ///
    /// A given `type` is not read.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func message(
        _ reader: inout JSONObjectReader,
        type: MessageType? = nil,
        chat: ChatID
    ) throws -> MessageDraft {
        let content: String = try reader.required("content")
        try check(content: content)
        return MessageDraft(
            type: try type ?? messageType(&reader),
            content: content,
            replyTo: try reference("reply_to", &reader, chat: chat),
            threadRoot: try reference("thread_root", &reader, chat: chat),
            attachments: try newAttachments(&reader),
            mentions: try newMentions(&reader) ?? [],
            clientMessageID: try uuid("client_msg_id", &reader)
        )
    }

    /// The fields of a chat to be made by `founder`; the caller finishes the reader.
    ///
    /// Throws `Failure` or `JSONError`.
    package static func chat(_ reader: inout JSONObjectReader, founder: UserID, memberLimit: Int) throws -> ChatDraft {
        let typeName: String = try reader.required("type")
        guard let type = ChatType(rawValue: typeName) else {
            throw Failure(.invalidValue, "type: must be direct or group")
        }
        let visibilityName = try reader.optional("visibility", as: String.self) ?? "private"
        guard let visibility = ChatVisibility(rawValue: visibilityName) else {
            throw Failure(.invalidValue, "visibility: must be private or public")
        }
        let name = try label("name", &reader, limit: nameLimit)
        let description = try label("description", &reader, limit: descriptionLimit, hasLines: true)
        let named = try integers(reader.required("participant_ids"), "participant_ids").map(UserID.init(rawValue:))
        var others: [UserID] = []
        var seen: Set<UserID> = [founder]
        for user in named where seen.insert(user).inserted { others.append(user) }
        guard others.count < memberLimit else {
            throw Failure(.limitExceeded, "participant_ids: a chat holds at most \(memberLimit) members")
        }
        if type == .direct {
            guard others.count == 1 else { throw Failure(.invalidValue, "participant_ids: must name one other user") }
            guard name == nil, description == nil, visibility == .private else {
                throw Failure(.invalidValue, "a direct chat has no name, description or visibility of its own")
            }
        }
        return ChatDraft(
            type: type,
            visibility: visibility,
            name: name,
            description: description,
            participants: others
        )
    }

    /// A UUID under `name`, or nil.
    package static func uuid(_ name: String, _ reader: inout JSONObjectReader) throws -> OperationID? {
        guard let text = try reader.optional(name, as: String.self) else { return nil }
        guard let id = OperationID(text) else { throw Failure(.invalidValue, "\(name): must be a UUID") }
        return id
    }

    /// A message id of `chat` under `name`, or nil.
    package static func reference(
        _ name: String,
        _ reader: inout JSONObjectReader,
        chat: ChatID
    ) throws -> SequenceNumber? {
        guard let text = try reader.optional(name, as: String.self) else { return nil }
        guard let id = MessageID(text) else { throw Failure(.invalidValue, "\(name): must be a message_id") }
        guard id.chat == chat else { throw Failure(.messageNotFound, "\(name): there is no such message in this chat") }
        return id.sequence
    }

    /// Refuses what no message may hold.
    package static func check(content: String) throws(Failure) {
        guard !content.isEmpty else { throw Failure(.empty, "content: must not be empty") }
        // UTF-8 takes at most four bytes a character, so most texts need no counting.
        guard content.utf8.count <= contentLimit || content.unicodeScalars.count <= contentLimit else {
            throw Failure(.tooLong, "content: at most \(contentLimit) characters")
        }
        guard !content.utf8.contains(0) else { throw Failure(.invalidContent, "content: must not hold U+0000") }
    }

    private static func messageType(_ reader: inout JSONObjectReader) throws -> MessageType {
        guard let name = try reader.optional("type", as: String.self) else { return .text }
        guard let type = MessageType(rawValue: name), type.isSendable else {
            throw Failure(.invalidValue, "type: must be text, image, file, audio or video")
        }
        return type
    }

    private static func label(
        _ name: String,
        _ reader: inout JSONObjectReader,
        limit: Int,
        hasLines: Bool = false
    ) throws -> String? {
        guard let text = try reader.optional(name, as: String.self) else { return nil }
        try check(label: text, name, limit: limit, hasLines: hasLines)
        return text
    }

    /// Refuses what no name or description may be; only one that `hasLines` may hold line ends and tabs.
    static func check(label text: String, _ name: String, limit: Int, hasLines: Bool = false) throws(Failure) {
        guard !text.isEmpty else { throw Failure(.empty, "\(name): must not be empty") }
        guard text.unicodeScalars.count <= limit else {
            throw Failure(.tooLong, "\(name): at most \(limit) characters")
        }
        let isRefused = text.unicodeScalars.contains { scalar in
            scalar.properties.generalCategory == .control && !(hasLines && (scalar == "\n" || scalar == "\t"))
        }
        guard !isRefused else { throw Failure(.invalidContent, "\(name): must not hold control characters") }
    }

    static func integers(_ values: [JSONValue], _ name: String) throws(Failure) -> [Int64] {
        var numbers: [Int64] = []
        for value in values {
            guard case .integer(let number) = value, (1...largestInteger).contains(number) else {
                throw Failure(.invalidValue, "\(name): must be integers between 1 and \(largestInteger)")
            }
            numbers.append(number)
        }
        return numbers
    }
}

extension Failure {
    /// The failure of a body that is not the JSON its route takes.
    package init(_ error: JSONError) {
        let code: Code =
            switch error.code {
            case .invalidJSON: .invalidJSON
            case .unknownField: .unknownField
            case .invalidValue: .invalidValue
            }
        self.init(code, error.path.isEmpty ? error.message : "\(error.path): \(error.message)")
    }
}

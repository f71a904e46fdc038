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
    // What `mongo/messages.json` takes: a document that MongoDB refuses would hold up its chat.
    private static let attachmentKinds: Set<String> = ["image", "file", "audio", "video"]

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
            attachments: try attachments(&reader),
            mentions: try mentions(&reader),
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
        let description = try label("description", &reader, limit: descriptionLimit)
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
        } else if name == nil {
            throw Failure(.invalidValue, "name: a group needs one")
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

    private static func label(_ name: String, _ reader: inout JSONObjectReader, limit: Int) throws -> String? {
        guard let text = try reader.optional(name, as: String.self) else { return nil }
        try check(label: text, name, limit: limit)
        return text
    }

    /// Refuses what no name or description may be.
    static func check(label text: String, _ name: String, limit: Int) throws(Failure) {
        guard !text.isEmpty else { throw Failure(.empty, "\(name): must not be empty") }
        guard text.unicodeScalars.count <= limit else {
            throw Failure(.tooLong, "\(name): at most \(limit) characters")
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Failure(.invalidContent, "\(name): must not hold control characters")
        }
    }

    static func attachments(_ reader: inout JSONObjectReader) throws -> [Attachment] {
        guard let values = try reader.optional("attachments", as: [JSONValue].self) else { return [] }
        guard values.count <= attachmentLimit else {
            throw Failure(.limitExceeded, "attachments: at most \(attachmentLimit)")
        }
        return try values.map { value in
            guard case .object(let object) = value else { throw Failure(.invalidValue, "attachments: must be objects") }
            var reader = JSONObjectReader(object, path: "attachments")
            let attachment = Attachment(
                mediaID: try short("media_id", &reader, limit: mediaIDLimit),
                kind: try attachmentKind(&reader),
                name: try short("name", &reader, limit: attachmentNameLimit),
                contentType: try short("content_type", &reader, limit: attachmentNameLimit),
                sizeBytes: try count("size_bytes", &reader) ?? 0,
                width: try count("width", &reader, limit: Int64(Int32.max)),
                height: try count("height", &reader, limit: Int64(Int32.max)),
                durationMilliseconds: try count("duration_ms", &reader)
            )
            try reader.finish()
            return attachment
        }
    }

    static func mentions(_ reader: inout JSONObjectReader) throws -> [Mention] {
        try changedMentions(&reader) ?? []
    }

    /// Nil where the field is left out or null.
    static func changedMentions(_ reader: inout JSONObjectReader) throws -> [Mention]? {
        guard let values = try reader.optional("mentions", as: [JSONValue].self) else { return nil }
        guard values.count <= mentionLimit else { throw Failure(.limitExceeded, "mentions: at most \(mentionLimit)") }
        return try values.map { value in
            guard case .object(let object) = value else { throw Failure(.invalidValue, "mentions: must be objects") }
            var reader = JSONObjectReader(object, path: "mentions")
            let kind: String = try reader.required("kind")
            let user = try reader.optional("user_id", as: Int64.self).map(UserID.init(rawValue:))
            try reader.finish()
            switch (kind, user) {
            case ("user", let user?) where (1...(1 << 53 - 1)).contains(user.rawValue): return .user(user)
            case ("here", nil): return .here
            case ("all", nil): return .all
            default: throw Failure(.invalidValue, "mentions: must be a user with user_id, here or all")
            }
        }
    }

    static func integers(_ values: [JSONValue], _ name: String) throws(Failure) -> [Int64] {
        var numbers: [Int64] = []
        for value in values {
            guard case .integer(let number) = value, number > 0 else {
                throw Failure(.invalidValue, "\(name): must be positive integers")
            }
            numbers.append(number)
        }
        return numbers
    }

    private static func attachmentKind(_ reader: inout JSONObjectReader) throws -> String {
        let kind: String = try reader.required("kind")
        guard attachmentKinds.contains(kind) else {
            throw Failure(.invalidValue, "attachments.kind: must be image, file, audio or video")
        }
        return kind
    }

    private static func short(_ name: String, _ reader: inout JSONObjectReader, limit: Int) throws -> String {
        let text: String = try reader.required(name)
        guard text.unicodeScalars.count <= limit else {
            throw Failure(.tooLong, "attachments.\(name): at most \(limit) characters")
        }
        return text
    }

    private static func count(
        _ name: String,
        _ reader: inout JSONObjectReader,
        limit: Int64 = .max
    ) throws -> Int64? {
        guard let number = try reader.optional(name, as: Int64.self) else { return nil }
        guard (0...limit).contains(number) else {
            throw Failure(.invalidValue, "attachments.\(name): must be between 0 and \(limit)")
        }
        return number
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

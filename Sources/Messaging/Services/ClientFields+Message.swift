internal import Domain
internal import JSON

/// Attachments and mentions, as clients send them and as stored operations have them.
///
/// What is stored was checked by the rules of its day and is read whatever it says; rules for clients may tighten.
extension ClientFields {
    // What `mongo/messages.json` takes: a document that MongoDB refuses would hold up its chat.
    private static let attachmentKinds: Set<String> = ["image", "file", "audio", "video"]
    /// JSON numbers hold it exactly, in every client.
    static let largestInteger: Int64 = 1 << 53 - 1

    /// The attachments of a new message.
    static func newAttachments(_ reader: inout JSONObjectReader) throws -> [Attachment] {
        let attachments = try attachments(&reader, needsSize: true)
        for attachment in attachments { try check(attachment) }
        return attachments
    }

    /// The mentions of a new message, each once.
    static func newMentions(_ reader: inout JSONObjectReader) throws -> [Mention]? {
        try changedMentions(&reader)?.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    static func attachments(_ reader: inout JSONObjectReader, needsSize: Bool = false) throws -> [Attachment] {
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
                sizeBytes: try count("size_bytes", &reader, isRequired: needsSize) ?? 0,
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
            case ("user", let user?) where (1...largestInteger).contains(user.rawValue): return .user(user)
            case ("here", nil): return .here
            case ("all", nil): return .all
            default: throw Failure(.invalidValue, "mentions: must be a user with user_id, here or all")
            }
        }
    }

    private static func check(_ attachment: Attachment) throws(Failure) {
        for (name, text) in [("media_id", attachment.mediaID), ("name", attachment.name)] {
            guard !text.isEmpty else { throw Failure(.empty, "attachments.\(name): must not be empty") }
            guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw Failure(.invalidContent, "attachments.\(name): must not hold control characters")
            }
        }
        guard isMediaType(attachment.contentType) else {
            throw Failure(.invalidValue, "attachments.content_type: must be a media type, such as image/png")
        }
        let numbers = [attachment.sizeBytes, attachment.durationMilliseconds ?? 0]
        guard numbers.allSatisfy({ $0 <= largestInteger }) else {
            throw Failure(.invalidValue, "attachments: numbers must be below 2^53")
        }
    }

    /// `type/subtype`, both tokens, and maybe parameters (RFC 9110, section 8.3.1), of which is asked only that a header could
    /// hold them.
    private static func isMediaType(_ text: String) -> Bool {
        let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        let isVisible = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        return isVisible && names.count == 2 && names.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isTokenByte) }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
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
        limit: Int64 = .max,
        isRequired: Bool = false
    ) throws -> Int64? {
        let number = try isRequired ? reader.required(name, as: Int64.self) : reader.optional(name, as: Int64.self)
        guard let number else { return nil }
        guard (0...limit).contains(number) else {
            throw Failure(.invalidValue, "attachments.\(name): must be between 0 and \(limit)")
        }
        return number
    }
}

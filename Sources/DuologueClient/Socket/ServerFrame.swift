internal import JSON

/// A frame from the server.
enum ServerFrame: Equatable {
    typealias ChatID = DuologueClient.ChatID

    /// What a resume came to in one chat.
    enum Resumption: Equatable {
        /// All missed events were sent, up to this one.
        case complete(upTo: Int64)
        /// Too many were missed, or the cursor is of no use.
        case reset(lastOffset: Int64)
        /// The user is not in the chat.
        case gone
    }

    case hello(heartbeat: Duration, epoch: String, maximumFrameBytes: Int)
    case ready(user: DuologueClient.UserID, epoch: String, heads: [DuologueClient.ChatHead])
    case resumed([ChatID: Resumption])
    case ack(Ack)
    case error(number: Int64?, DuologueError)
    case event(ChatEvent)
    case passing(DuologueEvent)
    case heartbeat([ChatID: Int64])
    /// A pong, or what a later server may send.
    case other

    /// The answer to a command; `message` and what follows it only for messages that were sent.
    struct Ack: Equatable {
        let number: Int64?
        let message: DuologueClient.MessageID?
        let offset: Int64?
        let createdAt: DuologueClient.Timestamp?
        let isDuplicate: Bool
    }

    /// Reads a text frame.
    ///
    /// - Throws: `contract`.
    init(parsing text: [UInt8]) throws(DuologueError) {
        guard case .object(let object)? = try? JSONValue(parsing: text) else {
            throw DuologueError(.contract, "a frame is no JSON object")
        }
        let fields = ContractFields(object)
        let type: String = try fields.required("type")
        switch type {
        case "hello": self = try Self.hello(fields)
        case "ready":
            self = .ready(
                user: DuologueClient.UserID(rawValue: try fields.required("user_id")),
                epoch: try fields.required("epoch"),
                heads: try fields.list("chats")
            )
        case "resumed": self = .resumed(try Self.resumptions(fields))
        case "ack": self = .ack(try Ack(fields))
        case "error": self = try Self.error(fields)
        case "heartbeat": self = .heartbeat(try Self.heads(fields))
        case "pong": self = .other
        default:
            if let passing = try Self.passing(type, fields) {
                self = .passing(passing)
            } else if let event = try ChatEvent(type: type, fields) {
                self = .event(event)
            } else {
                self = .other
            }
        }
    }

    private static func hello(_ fields: ContractFields) throws(DuologueError) -> ServerFrame {
        .hello(
            heartbeat: .milliseconds(try fields.required("heartbeat_ms", as: Int64.self)),
            epoch: try fields.required("epoch"),
            maximumFrameBytes: Int(try fields.required("max_frame_bytes", as: Int64.self))
        )
    }

    private static func error(_ fields: ContractFields) throws(DuologueError) -> ServerFrame {
        let error = DuologueError(
            DuologueError.Code(rawValue: try fields.required("code")),
            try fields.optional("detail") ?? "",
            isRetryable: try fields.optional("retryable") ?? false
        )
        return .error(number: number(fields), error)
    }

    private static func resumptions(_ fields: ContractFields) throws(DuologueError) -> [ChatID: Resumption] {
        var resumptions: [ChatID: Resumption] = [:]
        for value in try fields.required("chats", as: [JSONValue].self) {
            guard case .object(let object) = value else { throw DuologueError(.contract, "chats holds no objects") }
            let entry = ContractFields(object)
            let chat = ChatID(rawValue: try entry.required("chat_id"))
            if try entry.optional("gone") == true {
                resumptions[chat] = .gone
            } else if try entry.optional("reset") == true {
                resumptions[chat] = .reset(lastOffset: try entry.required("last_offset"))
            } else {
                resumptions[chat] = .complete(upTo: try entry.required("to"))
            }
        }
        return resumptions
    }

    private static func heads(_ fields: ContractFields) throws(DuologueError) -> [ChatID: Int64] {
        var heads: [ChatID: Int64] = [:]
        for member in try fields.required("heads", as: JSONObject.self).members {
            guard let chat = Int64(member.name), case .integer(let offset) = member.value else {
                throw DuologueError(.contract, "heads holds more than offsets")
            }
            heads[ChatID(rawValue: chat)] = offset
        }
        return heads
    }

    /// What is told now or never.
    private static func passing(_ type: String, _ fields: ContractFields) throws(DuologueError) -> DuologueEvent? {
        func user() throws(DuologueError) -> DuologueClient.UserID { .init(rawValue: try fields.required("user_id")) }
        func chat() throws(DuologueError) -> ChatID { .init(rawValue: try fields.required("chat_id")) }
        switch type {
        case "typing.start": return .typing(try chat(), try user(), isTyping: true)
        case "typing.stop": return .typing(try chat(), try user(), isTyping: false)
        case "presence":
            return .presence(
                try user(),
                DuologueClient.PresenceStatus(rawValue: try fields.required("status")),
                lastSeen: try fields.optionalTime("last_seen")
            )
        case "receipt": return .receipt(try chat(), try user(), readSequence: try fields.required("read_seq"))
        default: return nil
        }
    }

    fileprivate static func number(_ fields: ContractFields) -> Int64? {
        if case .integer(let number)? = fields.object["id"] { number } else { nil }
    }
}

extension ServerFrame.Ack {
    fileprivate init(_ fields: ContractFields) throws(DuologueError) {
        number = ServerFrame.number(fields)
        message = try fields.optionalMessageID("message_id")
        offset = try fields.optional("offset")
        createdAt = try fields.optionalTime("created_at")
        isDuplicate = try fields.optional("duplicate") ?? false
    }
}

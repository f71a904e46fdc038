internal import Domain
internal import JSON

/// What a server said on a WebSocket, as far as a load needs to know.
enum ServerFrame: Sendable, Equatable {
    case hello
    case ready(heads: [ChatID: Offset])
    case ack(id: String, chat: ChatID, sequence: SequenceNumber, offset: Offset, isDuplicate: Bool)
    case error(id: String?, code: String, detail: String, isRetryable: Bool)
    /// A durable event; `message` where it is `message.new`.
    case event(chat: ChatID, offset: Offset, message: ArrivedMessage?)
    case pong
    /// Typing, presence, receipts, heartbeats, and acks of anything but messages.
    case other

    /// Reads a frame.
    ///
    /// - Throws: `contract` where it is not what the contract says.
    init(parsing bytes: [UInt8]) throws(LoadError) {
        guard case .object(let frame) = try? JSONValue(parsing: bytes), case .string(let type) = frame["type"],
            let read = Self.read(type, frame)
        else { throw LoadError(.contract, "the server sent a frame that is not in the contract") }
        self = read
    }

    private static func read(_ type: String, _ frame: JSONObject) -> ServerFrame? {
        switch type {
        case "hello": return .hello
        case "pong": return .pong
        case "ready":
            guard case .array(let chats) = frame["chats"] else { return nil }
            var heads: [ChatID: Offset] = [:]
            for case .object(let chat) in chats {
                guard let id = chat.integer("chat_id"), let offset = chat.integer("last_offset") else { return nil }
                heads[ChatID(rawValue: id)] = Offset(rawValue: offset)
            }
            return .ready(heads: heads)
        case "ack":
            guard frame["seq"] != nil else { return .other }
            guard let id = frame.string("id"), let chat = frame.integer("chat_id"), let seq = frame.integer("seq"),
                let offset = frame.integer("offset")
            else { return nil }
            return .ack(
                id: id,
                chat: ChatID(rawValue: chat),
                sequence: SequenceNumber(rawValue: seq),
                offset: Offset(rawValue: offset),
                isDuplicate: frame["duplicate"] == .bool(true)
            )
        case "error":
            return .error(
                id: frame.string("id"),
                code: frame.string("code") ?? "unknown",
                detail: frame.string("detail") ?? "",
                isRetryable: frame["retryable"] == .bool(true)
            )
        default: return event(type, frame)
        }
    }

    private static func event(_ type: String, _ frame: JSONObject) -> ServerFrame? {
        guard let chat = frame.integer("chat_id"), let offset = frame.integer("offset") else { return .other }
        var message: ArrivedMessage?
        if type == "message.new" {
            guard case .object(let object) = frame["message"], let read = ArrivedMessage(object) else { return nil }
            message = read
        }
        return .event(chat: ChatID(rawValue: chat), offset: Offset(rawValue: offset), message: message)
    }

    /// Whether the bytes begin as a `message.new` of a compact writer that puts the type first.
    ///
    /// A load that only counts deliveries need not parse them; for other frames, and other orders, it is false.
    static func isPlainlyMessage(_ bytes: [UInt8]) -> Bool { bytes.starts(with: messagePrefix) }

    private static let messagePrefix = Array(#"{"type":"message.new","#.utf8)
}

extension ArrivedMessage {
    /// Reads a message of an event or a page; nil where a field is missing or of another type.
    init?(_ object: JSONObject) {
        guard let chat = object.integer("chat_id"), let sequence = object.integer("seq"),
            let sender = object.integer("sender_id"), let type = object.string("type"),
            object.string("message_id") == "\(chat)-\(sequence)"
        else { return nil }
        self.init(
            chat: ChatID(rawValue: chat),
            sequence: SequenceNumber(rawValue: sequence),
            sender: UserID(rawValue: sender),
            type: type,
            content: object.string("content"),
            replyTo: object.string("reply_to").flatMap { MessageID($0) }?.sequence,
            clientID: object.string("client_msg_id").flatMap { OperationID($0) }
        )
    }
}

extension JSONObject {
    /// The string under a name; nil where there is none.
    func string(_ name: String) -> String? { self[name].flatMap(String.init(json:)) }
    /// The integer under a name; nil where there is none.
    func integer(_ name: String) -> Int64? { self[name].flatMap(Int64.init(json:)) }
}

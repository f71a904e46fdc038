internal import Domain
internal import JSON
internal import Messaging

/// The client's name for a command, echoed in the reply.
enum CommandID: Sendable, Equatable {
    case text(String)
    case number(Int64)

    /// Longest text taken, in characters.
    static let limit = 128
}

/// What a client asks for over its socket.
enum ClientCommand: Sendable, Equatable {
    case auth(token: String)
    case resume(ResumeRequest)
    case message(ChatID, MessageDraft)
    case edit(MessageID, MessageEdit, as: OperationID?)
    case delete(MessageID, as: OperationID?)
    case react(MessageID, emoji: String, isOn: Bool, as: OperationID?)
    case typing(ChatID, isTyping: Bool)
    case read(ChatID, SequenceNumber)
    case presence(PresenceStatus)
    case ping

    /// A frame that is no command; with the command's id where it could be read.
    struct Invalid: Error {
        let id: CommandID?
        let failure: Failure
    }

    /// Reads a text frame.
    static func parse(_ text: [UInt8]) throws(Invalid) -> (ClientCommand, CommandID?) {
        var id: CommandID?
        do {
            var reader = try JSONObjectReader(parsing: text)
            id = try commandID(&reader)
            let command = try command(of: reader.required("type"), &reader)
            try reader.finish()
            return (command, id)
        } catch let error as JSONError {
            throw Invalid(id: id, failure: Failure(error))
        } catch let failure as Failure {
            throw Invalid(id: id, failure: failure)
        } catch {
            throw Invalid(id: id, failure: Failure(.invalidJSON, "not a command"))
        }
    }

    /// The commands by their names.
    enum Kind: String, CaseIterable {
        case auth, resume, ping, message, edit, delete, react, typing, presence, read
    }

    private static func command(of type: String, _ reader: inout JSONObjectReader) throws -> ClientCommand {
        guard let kind = Kind(rawValue: type) else {
            throw Failure(.invalidValue, "type: there is no such command")
        }
        switch kind {
        case .auth: return .auth(token: try reader.required("token"))
        case .resume: return .resume(try resumeRequest(&reader))
        case .ping: return .ping
        case .message:
            let chat = ChatID(rawValue: try reader.required("chat_id"))
            return .message(chat, try ClientFields.message(&reader, type: .text, chat: chat))
        case .edit:
            let message = try ClientFields.messageID(&reader)
            return .edit(message, try ClientFields.edit(&reader), as: try operationID(&reader))
        case .delete: return .delete(try ClientFields.messageID(&reader), as: try operationID(&reader))
        case .react:
            let message = try ClientFields.messageID(&reader)
            let emoji = try ClientFields.emoji(&reader)
            let isRemoval = try reader.optional("remove", as: Bool.self) ?? false
            return .react(message, emoji: emoji, isOn: !isRemoval, as: try operationID(&reader))
        case .typing:
            let chat = ChatID(rawValue: try reader.required("chat_id"))
            switch try reader.required("state", as: String.self) {
            case "start": return .typing(chat, isTyping: true)
            case "stop": return .typing(chat, isTyping: false)
            default: throw Failure(.invalidValue, "state: must be start or stop")
            }
        case .presence:
            let status = PresenceStatus(rawValue: try reader.required("status"))
            guard let status, status != .offline else {
                throw Failure(.invalidValue, "status: must be online, away, dnd or invisible")
            }
            return .presence(status)
        case .read:
            let chat = ChatID(rawValue: try reader.required("chat_id"))
            return .read(chat, try ClientFields.readSequence(&reader))
        }
    }

    private static func resumeRequest(_ reader: inout JSONObjectReader) throws -> ResumeRequest {
        let epoch = try reader.required("epoch", as: String.self)
        var cursors: [ChatID: Offset] = [:]
        for member in try reader.required("cursors", as: JSONObject.self).members {
            guard let chat = Int64(member.name), chat > 0, String(chat) == member.name else {
                throw Failure(.invalidValue, "cursors: the names must be ids of chats")
            }
            guard case .integer(let offset) = member.value, (0..<1 << 53).contains(offset) else {
                throw Failure(.invalidValue, "cursors: the values must be offsets")
            }
            cursors[ChatID(rawValue: chat)] = Offset(rawValue: offset)
        }
        return ResumeRequest(epoch: epoch, cursors: cursors)
    }

    private static func operationID(_ reader: inout JSONObjectReader) throws -> OperationID? {
        try ClientFields.uuid("client_msg_id", &reader)
    }

    private static func commandID(_ reader: inout JSONObjectReader) throws -> CommandID? {
        switch try reader.optional("id", as: JSONScalar.self) {
        case nil: return nil
        case .number(let number): return .number(number)
        case .text(let text) where text.unicodeScalars.count <= CommandID.limit: return .text(text)
        case .text: throw Failure(.invalidValue, "id: at most \(CommandID.limit) characters")
        }
    }
}

/// A text or an integer.
private enum JSONScalar: JSONReadable {
    case text(String)
    case number(Int64)

    static let jsonDescription = "a string or an integer"

    init?(json: JSONValue) {
        switch json {
        case .string(let text): self = .text(text)
        case .integer(let number): self = .number(number)
        default: return nil
        }
    }
}

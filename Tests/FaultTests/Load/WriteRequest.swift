import JSON
import Support
import Web

/// A write as it goes over the wire, the same each time it is tried.
struct WriteRequest: Sendable {
    let method: HTTPMethod
    let path: String
    let body: String?
    /// The command for a socket, where there is one.
    let command: String?

    init(_ record: WriteRecord) {
        let chat = record.chat
        let target = record.target ?? 0
        let message = "\(chat)-\(target)"
        let text = Self.quoted(record.text ?? "")
        let key = #""client_msg_id":"\#(record.clientID)""#
        let id = #""id":"\#(record.clientID)""#
        switch record.kind {
        case .send, .reply:
            let root = record.kind == .reply ? #","thread_root":"\#(message)""# : ""
            let fields = #""content":\#(text),\#(key)\#(root)"#
            (method, path, body) = (.post, "/chats/\(chat)/messages", "{\(fields)}")
            command = #"{"type":"message",\#(id),"chat_id":\#(chat),\#(fields)}"#
        case .edit:
            (method, path, body) = (.put, "/messages/\(message)", #"{"content":\#(text)}"#)
            command = #"{"type":"edit",\#(id),\#(key),"message_id":"\#(message)","content":\#(text)}"#
        case .delete:
            (method, path, body) = (.delete, "/messages/\(message)", nil)
            command = #"{"type":"delete",\#(id),\#(key),"message_id":"\#(message)"}"#
        case .restore:
            (method, path, body, command) = (.post, "/messages/\(message)/restore", nil, nil)
        case .react, .unreact:
            let removes = record.kind == .unreact
            let emoji = Self.escaped(record.text ?? "")
            (method, path, body) = (removes ? .delete : .put, "/messages/\(message)/reactions/\(emoji)", nil)
            command =
                #"{"type":"react",\#(id),\#(key),"message_id":"\#(message)","emoji":\#(text),"remove":\#(removes)}"#
        case .pin, .unpin:
            (method, path, body, command) = (record.kind == .pin ? .put : .delete, "/messages/\(message)/pin", nil, nil)
        case .addMember:
            (method, path, body, command) = (.post, "/chats/\(chat)/participants", #"{"user_id":\#(target)}"#, nil)
        case .removeMember:
            (method, path, body, command) = (.delete, "/chats/\(chat)/participants/\(target)", nil, nil)
        case .changeRole:
            (method, path, body, command) = (
                .patch, "/chats/\(chat)/participants/\(target)", #"{"role":\#(text)}"#, nil
            )
        case .changeChat:
            (method, path, body, command) = (.patch, "/chats/\(chat)", #"{"name":\#(text)}"#, nil)
        }
    }

    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

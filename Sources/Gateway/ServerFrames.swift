internal import Domain
internal import IOCore
internal import JSON
internal import Messaging
internal import Web

/// The frames the server sends about a connection itself.
enum ServerFrames {
    static func hello(heartbeat: Duration, epoch: String, maximumFrameBytes: Int) -> SharedFrame {
        frame("hello") {
            $0.key("heartbeat_ms")
            $0.integer(Int64(heartbeat.seconds * 1000))
            $0.key("epoch")
            $0.string(epoch)
            $0.key("max_frame_bytes")
            $0.integer(maximumFrameBytes)
        }
    }

    static func ready(user: UserID, epoch: String, heads: [ChatHead]) -> SharedFrame {
        frame("ready") { writer in
            writer.key("user_id")
            writer.integer(user.rawValue)
            writer.key("epoch")
            writer.string(epoch)
            writer.key("chats")
            writer.beginArray()
            for head in heads {
                writer.beginObject()
                writer.key("chat_id")
                writer.integer(head.chat.rawValue)
                writer.key("last_seq")
                writer.integer(head.lastSequence.rawValue)
                writer.key("last_offset")
                writer.integer(head.seenOffset.rawValue)
                writer.key("read_seq")
                writer.integer(head.readSequence.rawValue)
                writer.key("unread")
                writer.integer(head.unread)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    static func resumed(_ answers: [ResumePlan.Answer]) -> SharedFrame {
        frame("resumed") { writer in
            writer.key("chats")
            writer.beginArray()
            for answer in answers {
                writer.beginObject()
                writer.key("chat_id")
                switch answer {
                case .events(let chat, let offset, let end):
                    writer.integer(chat.rawValue)
                    writer.key("from")
                    writer.integer(offset.next.rawValue)
                    writer.key("to")
                    writer.integer(end.rawValue)
                case .reset(let chat, let head):
                    writer.integer(chat.rawValue)
                    writer.key("reset")
                    writer.bool(true)
                    writer.key("last_offset")
                    writer.integer(head.rawValue)
                case .gone(let chat):
                    writer.integer(chat.rawValue)
                    writer.key("gone")
                    writer.bool(true)
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }

    static func ack(_ id: CommandID?, chat: ChatID, _ allocation: Allocation, isDuplicate: Bool) -> SharedFrame {
        frame("ack", id) {
            if let sequence = allocation.sequence {
                $0.key("message_id")
                $0.messageID(sequence, in: chat)
                $0.key("chat_id")
                $0.integer(chat.rawValue)
                $0.key("seq")
                $0.integer(sequence.rawValue)
            }
            $0.key("offset")
            $0.integer(allocation.offset.rawValue)
            $0.key("created_at")
            $0.time(allocation.at)
            $0.key("duplicate")
            $0.bool(isDuplicate)
        }
    }

    /// The answer to a change of a message; without an offset where nothing changed and no event is known.
    static func ack(_ id: CommandID?, _ message: MessageID, offset: Offset?) -> SharedFrame {
        frame("ack", id) {
            $0.key("message_id")
            $0.string(message.description)
            $0.key("chat_id")
            $0.integer(message.chat.rawValue)
            if let offset {
                $0.key("offset")
                $0.integer(offset.rawValue)
            }
        }
    }

    /// The answer to a read mark, which makes no event; at 0 it is on no message.
    static func ack(_ id: CommandID?, _ mark: ReadMark) -> SharedFrame {
        frame("ack", id) {
            if mark.sequence.rawValue > 0 {
                $0.key("message_id")
                $0.string(MessageID(chat: mark.chat, sequence: mark.sequence).description)
            }
            $0.key("chat_id")
            $0.integer(mark.chat.rawValue)
        }
    }

    /// The answer to a command that has no result.
    static func ack(_ id: CommandID?) -> SharedFrame { frame("ack", id) { _ in } }

    static func error(_ id: CommandID?, _ failure: Failure) -> SharedFrame {
        frame("error", id) {
            $0.key("code")
            $0.string(failure.code.rawValue)
            $0.key("detail")
            $0.string(failure.detail)
            $0.key("retryable")
            $0.bool(failure.code.isRetryable)
        }
    }

    static func pong(_ id: CommandID?) -> SharedFrame { frame("pong", id) { _ in } }

    static func heartbeat(_ heads: [(ChatID, Offset)]) -> SharedFrame {
        frame("heartbeat") {
            $0.key("heads")
            $0.beginObject()
            for (chat, offset) in heads {
                $0.key(escaping: chat.description)
                $0.integer(offset.rawValue)
            }
            $0.endObject()
        }
    }

    private static func frame(
        _ type: String,
        _ id: CommandID? = nil,
        _ fields: (inout JSONWriter) -> Void
    ) -> SharedFrame {
        var writer = JSONWriter(reservingCapacity: 128)
        writer.beginObject()
        writer.key("type")
        writer.string(type)
        switch id {
        case .text(let text):
            writer.key("id")
            writer.string(text)
        case .number(let number):
            writer.key("id")
            writer.integer(number)
        case nil: break
        }
        fields(&writer)
        writer.endObject()
        return SharedFrame.text(writer.bytes)
    }
}

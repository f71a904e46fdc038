internal import JSON

/// The frames a client sends.
enum ClientFrame {
    static func resume(_ position: DuologueClient.Position) -> [UInt8] {
        JSONWriter.object { writer in
            writer.field("type", "resume")
            writer.field("epoch", position.epoch)
            writer.key("cursors")
            writer.beginObject()
            for (chat, offset) in position.offsets.sorted(by: { $0.key < $1.key }) {
                writer.key(escaping: chat.description)
                writer.integer(offset)
            }
            writer.endObject()
        }
    }

    static func authenticate(_ token: String) -> [UInt8] {
        JSONWriter.object { writer in
            writer.field("type", "auth")
            writer.field("token", token)
        }
    }

    static func message(_ queued: QueuedMessage, number: Int64) -> [UInt8] {
        JSONWriter.object { writer in
            writer.field("type", "message")
            writer.field("id", number)
            writer.field("chat_id", queued.chat.rawValue)
            writer.field("client_msg_id", queued.pending.id.description)
            queued.draft.write(to: &writer)
        }
    }

    static func typing(_ isTyping: Bool, in chat: DuologueClient.ChatID) -> [UInt8] {
        JSONWriter.object { writer in
            writer.field("type", "typing")
            writer.field("chat_id", chat.rawValue)
            writer.field("state", isTyping ? "start" : "stop")
        }
    }

    static func presence(_ status: DuologueClient.PresenceStatus) -> [UInt8] {
        JSONWriter.object { writer in
            writer.field("type", "presence")
            writer.field("status", status.rawValue)
        }
    }
}

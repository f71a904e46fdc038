internal import Domain
internal import Mongo

/// The summary of a thread as the `threads` collection keeps it; `mongo/threads.json` is the schema.
enum ThreadDocument {
    static func write(_ image: ThreadImage) -> GuardedWrite {
        let root = MessageID(chat: image.chat, sequence: image.state.root)
        return GuardedWrite(
            id: BSONDocument { MessageDocument.write(root, to: &$0) },
            chat: image.chat,
            sequence: image.state.root,
            revision: image.revision
        ) { writer in
            writer.int32("reply_count", Int32(clamping: image.state.replyCount))
            writer.append("last_reply_seq", image.state.lastReply.map { .int64($0.rawValue) } ?? .null)
            writer.append(
                "last_reply_at",
                image.state.lastReplyAt.map { .datetime(milliseconds: $0.milliseconds) } ?? .null
            )
        }
    }
}

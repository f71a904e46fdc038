internal import JSON

/// A message as a client knows it.
struct ReplicaMessage: Sendable {
    /// What a deletion leaves as it is, and what it does not.
    private static let lasting = [
        "message_id", "chat_id", "seq", "offset", "sender_id", "type", "created_at", "reply_to", "thread_root",
        "client_msg_id",
    ]
    private static let body = ["content", "edited_at", "attachments", "mentions"]

    private let object: JSONObject
    private var revision: Int64
    private(set) var isDeleted: Bool
    /// Who used which emoji, in their order.
    private var reactions: [String: [Int64]] = [:]

    init(_ object: JSONObject) {
        self.object = object
        revision = object.integer("rev") ?? 0
        isDeleted = object.bool("deleted") ?? false
        for reaction in object.objects("reactions") {
            guard case .array(let users)? = reaction["user_ids"] else { continue }
            reactions[reaction.string("emoji") ?? ""] = users.compactMap {
                if case .integer(let user) = $0 { user } else { nil }
            }
        }
    }

    var id: String { object.string("message_id") ?? "" }
    var threadRoot: String? { object.string("thread_root") }

    mutating func delete(at offset: Int64) {
        isDeleted = true
        revision = offset
        reactions = [:]
    }

    mutating func react(_ emoji: String, _ user: Int64, isOn: Bool) {
        var users = reactions[emoji] ?? []
        users.removeAll { $0 == user }
        if isOn { users.append(user) }
        reactions[emoji] = users.isEmpty ? nil : users
    }

    /// In what it differs from a fetched one, which is to count this client's own replies to it.
    func differences(from fresh: ReplicaMessage, thread: (count: Int64, last: Int64?)) -> [String] {
        var differences: [String] = []
        for name in Self.lasting + (isDeleted ? [] : Self.body) where object[name] != fresh.object[name] {
            let (known, fetched) = (ReplicaState.text(object[name]), ReplicaState.text(fresh.object[name]))
            differences.append("\(name) is \(known), fetched \(fetched)")
        }
        if revision != fresh.revision { differences.append("rev is \(revision), fetched \(fresh.revision)") }
        if isDeleted != fresh.isDeleted { differences.append("deleted is \(isDeleted), fetched \(fresh.isDeleted)") }
        if isDeleted, fresh.object["content"] != JSONValue.null { differences.append("a tombstone has a content") }
        if reactions != fresh.reactions {
            differences.append("reactions are \(reactions), fetched \(fresh.reactions)")
        }
        let fetched = fresh.object.object("thread")
        if fetched.integer("reply_count") != thread.count || fetched.integer("last_reply_seq") != thread.last {
            differences.append("its replies are \(thread), fetched \(ReplicaState.text(.object(fetched)))")
        }
        return differences
    }
}

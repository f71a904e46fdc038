package import JSON

/// What a client knows of one chat: what it once fetched, and every event since, applied in their order.
///
/// What was fetched may be newer than the events that are applied to it first. Each of them is among those to come, so the
/// last event about a thing decides, or else what was fetched.
package struct ReplicaState: Sendable {
    private var chat: [String: JSONValue] = [:]
    private var participants: [Int64: JSONObject] = [:]
    private var pins: Set<Int64> = []
    private var messages: [Int64: ReplicaMessage] = [:]

    /// What a chat says of itself to all its members alike, and no event but `chat.updated` changes.
    private static let chatFields = [
        "chat_id", "type", "visibility", "name", "description", "avatar_url", "created_at", "created_by",
    ]

    /// Takes the answers of REST.
    package init(chat: JSONObject, participants: [JSONObject], pins: [JSONObject], messages: [JSONObject]) {
        self.chat = Self.fields(of: chat)
        for participant in participants { self.participants[participant.integer("user_id") ?? 0] = participant }
        self.pins = Set(pins.compactMap { Self.sequence($0) })
        for message in messages { self.messages[message.integer("seq") ?? 0] = ReplicaMessage(message) }
    }

    /// Applies a durable event; what is wrong with it, or nil.
    package mutating func apply(_ event: JSONObject) -> String? {
        switch event.string("type") {
        case "chat.created", "chat.updated": chat = Self.fields(of: event.object("chat"))
        case "participant.added", "participant.updated":
            let participant = event.object("participant")
            participants[participant.integer("user_id") ?? 0] = participant
        case "participant.removed": participants[event.integer("user_id") ?? 0] = nil
        case "message.new", "message.updated":
            let message = event.object("message")
            messages[message.integer("seq") ?? 0] = ReplicaMessage(message)
        case "message.deleted", "reaction.added", "reaction.removed", "pin.added", "pin.removed":
            return applyToMessage(event)
        default: return "an event of an unknown type"
        }
        return nil
    }

    private mutating func applyToMessage(_ event: JSONObject) -> String? {
        guard let sequence = Self.sequence(event), messages[sequence] != nil else { return "of an unknown message" }
        switch event.string("type") {
        case "message.deleted":
            messages[sequence]?.delete(at: event.integer("offset") ?? 0)
            // A deleted message is pinned no more, by no event of its own.
            pins.remove(sequence)
        case "pin.added": pins.insert(sequence)
        case "pin.removed": pins.remove(sequence)
        default:
            let isOn = event.string("type") == "reaction.added"
            messages[sequence]?.react(event.string("emoji") ?? "", event.integer("user_id") ?? 0, isOn: isOn)
        }
        return nil
    }

    /// In what it differs from what a fetch answers now.
    package func differences(from fresh: ReplicaState) -> [String] {
        var differences: [String] = []
        for (name, value) in fresh.chat where chat[name] != value {
            differences.append("\(name) is \(Self.text(chat[name])), fetched \(Self.text(value))")
        }
        for user in Set(participants.keys).union(fresh.participants.keys).sorted()
        where participants[user] != fresh.participants[user] {
            let (known, fetched) = (participants[user].map(Self.text), fresh.participants[user].map(Self.text))
            differences.append("participant \(user) is \(known ?? "missing"), fetched \(fetched ?? "none")")
        }
        if pins != fresh.pins { differences.append("pins are \(pins.sorted()), fetched \(fresh.pins.sorted())") }
        for sequence in Set(messages.keys).union(fresh.messages.keys).sorted() {
            guard let known = messages[sequence] else {
                differences.append("message \(sequence) is missing")
                continue
            }
            guard let fetched = fresh.messages[sequence] else {
                differences.append("message \(sequence) is known, and fetched none")
                continue
            }
            let found = known.differences(from: fetched, thread: thread(of: known.id))
            differences += found.map { "message \(sequence): " + $0 }
        }
        return differences
    }

    /// Replies that are not deleted, and the last of them.
    private func thread(of root: String) -> (count: Int64, last: Int64?) {
        let replies = messages.filter { $0.value.threadRoot == root && !$0.value.isDeleted }
        return (Int64(replies.count), replies.keys.max())
    }

    private static func fields(of chat: JSONObject) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        for name in chatFields { fields[name] = chat[name] }
        return fields
    }

    private static func sequence(_ object: JSONObject) -> Int64? {
        object.string("message_id")?.split(separator: "-").last.flatMap { Int64($0) }
    }

    private static func text(_ object: JSONObject) -> String { text(.object(object)) }

    static func text(_ value: JSONValue?) -> String {
        switch value {
        case nil: "missing"
        case .string(let text): "\"\(text.count > 80 ? text.prefix(77) + "…" : text[...])\""
        case .integer(let number): "\(number)"
        case .bool(let isTrue): "\(isTrue)"
        case .object(let object):
            "{" + object.members.map { "\($0.name): \(text($0.value))" }.joined(separator: ", ") + "}"
        case .array(let values): "[" + values.map { text($0) }.joined(separator: ", ") + "]"
        case .some(let other): "\(other)"
        }
    }
}

package import JSON

/// A client as the contract describes it, as a value: its cursors, what it knows of each chat, and its complaints.
///
/// Frames go in, in the order they came; out come the chats whose state it has to fetch.
package struct ClientReplica: Sendable {
    /// One durable event as it came.
    package struct Receipt: Sendable, Equatable {
        package let offset: Int64
        package let type: String
    }

    /// A chat that the server told the client to read anew, with the cursor it had.
    package struct Reset: Sendable {
        package let chat: Int64
        package let cursor: Int64?
        package let head: Int64
    }

    package let user: Int64
    /// What it is called in reports.
    package let name: String
    package private(set) var chats: [Int64: ReplicaChat] = [:]
    /// Everything that ever came, by chat.
    package private(set) var received: [Int64: [Receipt]] = [:]
    package private(set) var resets: [Reset] = []
    package private(set) var violations: [Violation] = []
    package private(set) var counts = Counts()
    /// Whether it has been caught up over the connection it has.
    package private(set) var isLive = false
    package private(set) var epoch: String?
    /// Of `ready`, until `resumed`.
    private var heads: [Int64: Int64]?
    /// What it said that it has.
    private var asked: [Int64: Int64] = [:]
    /// Chats before this one are another schedule's.
    private let firstChat: Int64

    private static let durable: Set<String> = [
        "message.new", "message.updated", "message.deleted", "reaction.added", "reaction.removed", "chat.created",
        "chat.updated", "participant.added", "participant.removed", "participant.updated", "pin.added", "pin.removed",
    ]

    /// A client that knows nothing yet.
    package init(user: Int64, name: String, firstChat: Int64) {
        self.user = user
        self.name = name
        self.firstChat = firstChat
    }

    /// Chats whose state is to be fetched, with the number of the wish.
    package var wanted: [(chat: Int64, wish: Int)] {
        chats.compactMap { $0.value.isWanted ? ($0.key, $0.value.wish) : nil }.sorted { $0.chat < $1.chat }
    }

    // MARK: What happens to it

    /// The connection is gone.
    package mutating func closed() {
        isLive = false
        heads = nil
    }

    /// The cursors to resume from, on a connection that has begun.
    package mutating func resume() -> [Int64: Int64] {
        asked = chats.mapValues(\.cursor)
        return asked
    }

    /// A frame of the server has come.
    package mutating func receive(_ frame: JSONObject) {
        let type = frame.string("type") ?? ""
        switch type {
        case "hello":
            let told = frame.string("epoch")
            if epoch != nil, told != epoch { report(.answer, "the epoch became \(told ?? "none")") }
            epoch = told
        case "ready":
            let listed = frame.objects("chats").map { ($0.integer("chat_id") ?? 0, $0.integer("last_offset") ?? 0) }
            heads = Dictionary(listed) { first, _ in first }
            if heads?.count != listed.count { report(.doubled, "ready names a chat twice") }
        case "resumed": resumed(frame.objects("chats"))
        case _ where Self.durable.contains(type): receive(event: frame, type)
        default: break
        }
    }

    /// The state of a chat has come; nil where there is no such chat for the user.
    ///
    /// What answers an older wish is dropped.
    package mutating func fetched(_ chat: Int64, wish: Int, _ state: ReplicaState?) {
        guard chats[chat]?.wish == wish else { return }
        for complaint in chats[chat]?.fetched(state) ?? [] { report(.stale, "chat \(chat): \(complaint)") }
    }

    // MARK: Resuming

    private mutating func resumed(_ answers: [JSONObject]) {
        guard let heads else { return report(.answer, "resumed without ready") }
        self.heads = nil
        isLive = true
        counts.resumptions += 1
        let named = answers.map { $0.integer("chat_id") ?? 0 }
        if Set(named).count != named.count { report(.doubled, "resumed names a chat twice") }
        let missing = Set(heads.keys).union(asked.keys).subtracting(named)
        if !missing.isEmpty { report(.hole, "resumed says nothing of the chats \(missing.sorted())") }
        for answer in answers {
            let chat = answer.integer("chat_id") ?? 0
            if chat >= firstChat { resumed(chat, answer, head: heads[chat]) }
        }
    }

    private mutating func resumed(_ chat: Int64, _ answer: JSONObject, head: Int64?) {
        let cursor = asked[chat]
        if answer.bool("gone") == true {
            if head != nil || cursor == nil { report(.answer, "chat \(chat) is gone; its head is \(head ?? -1)") }
            counts.gone += 1
            chats[chat] = nil
        } else if answer.bool("reset") == true {
            let told = answer.integer("last_offset")
            if told == nil || told != head {
                report(.answer, "chat \(chat) is reset to \(told ?? -1), head \(head ?? -1)")
            }
            counts.resets += cursor == nil ? 0 : 1
            resets.append(Reset(chat: chat, cursor: cursor, head: told ?? 0))
            begin(chat, at: told ?? 0)
        } else {
            let (from, to) = (answer.integer("from") ?? -1, answer.integer("to") ?? -1)
            guard let cursor, let head, from == cursor + 1, to == max(cursor, head) else {
                return report(.hole, "chat \(chat) is resumed \(from)–\(to); asked \(cursor ?? -1), head \(head ?? -1)")
            }
            if chats[chat]?.cursor != to {
                report(.hole, "chat \(chat) is resumed to \(to); came up to \(chats[chat]?.cursor ?? -1)")
            }
        }
    }

    // MARK: Events

    private mutating func receive(event: JSONObject, _ type: String) {
        let (chat, offset) = (event.integer("chat_id") ?? 0, event.integer("offset") ?? 0)
        guard chat >= firstChat else { return }
        received[chat, default: []].append(Receipt(offset: offset, type: type))
        let isJoining = type == "chat.created" || type == "participant.added" && concernsMe(event.object("participant"))
        if isLive { counts.live += 1 } else { counts.missed += 1 }
        if !isLive {
            guard let heads else { return report(.answer, "chat \(chat): \(type) \(offset) before ready") }
            guard let head = heads[chat], offset <= head, asked[chat] != nil else {
                return report(.stranger, "chat \(chat): \(type) \(offset) before resumed, head \(heads[chat] ?? -1)")
            }
        }
        guard let cursor = chats[chat]?.cursor else {
            guard isJoining else { return report(.stranger, "chat \(chat): \(type) \(offset) of a chat it is not in") }
            return begin(chat, at: offset)
        }
        if offset <= cursor {
            return report(.doubled, "chat \(chat): \(type) \(offset) after \(cursor)")
        }
        // What lies between the head it was given and its joining is not for it.
        if isJoining { return begin(chat, at: offset) }
        if offset > cursor + 1 { report(.hole, "chat \(chat): \(type) \(offset) after \(cursor)") }
        if type == "participant.removed", concernsMe(event) {
            chats[chat] = nil
        } else if let complaint = chats[chat]?.receive(event, at: offset) {
            report(.stale, "chat \(chat): \(type) \(offset) \(complaint)")
        }
    }

    private func concernsMe(_ object: JSONObject) -> Bool { object.integer("user_id") == user }

    private mutating func begin(_ chat: Int64, at offset: Int64) {
        chats[chat, default: ReplicaChat()].begin(at: offset)
    }

    private mutating func report(_ kind: Violation.Kind, _ text: String) {
        violations.append(Violation(kind, "\(name): \(text)"))
    }
}

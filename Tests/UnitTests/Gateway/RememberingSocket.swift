import Domain
import IOCore
import JSON
import Messaging
import Web

@testable import Gateway

/// A socket that remembers what it was sent.
///
/// Loop-bound.
final class RememberingSocket: EventReceiver {
    let user: UserID
    private let hub: Hub
    private let directory: SlowDirectory
    private(set) var isOpen = true
    /// Heads of `ready`, once it came.
    private(set) var heads: [ChatID: Int64]?
    /// The events that took the user into those chats, which `ready` does not tell.
    private(set) var joined: [ChatID: Int64] = [:]
    /// Offsets of the events, by chat, in the order they came.
    private(set) var events: [ChatID: [Int64]] = [:]
    /// What it wants to resume from.
    let request: ResumeRequest?
    /// What `resumed` said, once it came.
    private(set) var resumed: [ChatID: Resumed]?
    /// Durable frames that came before it had taken those before them.
    private(set) var hurried = 0
    private var isUndrained = false
    /// Why it was closed, where it was told.
    private(set) var closing: (code: UInt16, reason: String)?
    /// Asked whether it has much to take.
    var backlog: () -> Bool = { false }
    /// The offset after which each chat's events begin, as far as it was told.
    var starts: [ChatID: Int64]? {
        guard let request, let heads else { return heads }
        guard let resumed else { return heads.merging(request.cursors.mapValues(\.rawValue)) { $1 } }
        return resumed.compactMapValues(\.start)
    }
    /// How many events it takes before it counts as too slow.
    var capacity = Int.max
    var subscription = Subscription()

    init(user: UserID, hub: Hub, directory: SlowDirectory, resuming request: ResumeRequest? = nil) {
        self.request = request
        self.user = user
        self.hub = hub
        self.directory = directory
    }

    /// Ephemeral frames, in the order they came.
    private(set) var ephemeral: [JSONObject] = []
    /// The types of all frames but `ready`, `resumed` and heartbeats, in the order they came.
    private(set) var types: [String] = []

    func deliverEphemeral(_ frame: SharedFrame) {
        guard isOpen, let object = Self.object(frame.plain) else { return }
        ephemeral.append(object)
        if case .string(let type)? = object["type"] { types.append(type) }
    }

    func deliver(_ frame: SharedFrame) {
        guard isOpen else { return }
        if isUndrained { hurried += 1 }
        isUndrained = true
        guard let object = Self.object(frame.plain), case .string(let type)? = object["type"] else { return }
        if type == "ready" {
            for head in directory.toldHeads { joined[head.chat] = head.joinedOffset.rawValue }
            return heads = Self.heads(object)
        }
        if type == "resumed" { return resumed = Self.resumed(object) }
        guard case .integer(let chat)? = object["chat_id"], case .integer(let offset)? = object["offset"] else {
            return
        }
        types.append(type)
        capacity -= 1
        guard capacity >= 0 else { return close() }
        events[ChatID(rawValue: chat), default: []].append(offset)
    }

    var isBacklogged: Bool { backlog() }

    func waitUntilDrained() async { isUndrained = false }

    func close(_ code: WebSocketCloseCode, reason: String) {
        closing = (code.rawValue, reason)
        close()
    }

    func giveUp() { close() }

    func checkDeadlines(now: ContinuousClock.Instant, time: Timestamp) {}

    func close() {
        guard isOpen else { return }
        isOpen = false
        hub.leave(self, user: user)
    }

    private static func object(_ frame: Frame) -> JSONObject? {
        let header = frame.bytes[1] < 126 ? 2 : frame.bytes[1] == 126 ? 4 : 10
        guard case .object(let object)? = try? JSONValue(parsing: Array(frame.bytes.dropFirst(header))) else {
            return nil
        }
        return object
    }

    /// What it would resume from: the last it has seen of each chat.
    var cursors: [ChatID: Offset] {
        (starts ?? [:]).merging(events.compactMapValues(\.last)) { $1 }.mapValues(Offset.init(rawValue:))
    }

    private static func resumed(_ object: JSONObject) -> [ChatID: Resumed] {
        guard case .array(let chats)? = object["chats"] else { return [:] }
        var answers: [ChatID: Resumed] = [:]
        for case .object(let chat) in chats {
            guard case .integer(let id)? = chat["chat_id"] else { continue }
            if case .integer(let from)? = chat["from"], case .integer(let to)? = chat["to"] {
                answers[ChatID(rawValue: id)] = .events(from: from, to: to)
            } else if case .integer(let head)? = chat["last_offset"], chat["reset"] == .bool(true) {
                answers[ChatID(rawValue: id)] = .reset(head)
            } else if chat["gone"] == .bool(true) {
                answers[ChatID(rawValue: id)] = .gone
            }
        }
        return answers
    }

    private static func heads(_ object: JSONObject) -> [ChatID: Int64] {
        guard case .array(let chats)? = object["chats"] else { return [:] }
        var heads: [ChatID: Int64] = [:]
        for case .object(let chat) in chats {
            guard case .integer(let id)? = chat["chat_id"], case .integer(let offset)? = chat["last_offset"] else {
                continue
            }
            heads[ChatID(rawValue: id)] = offset
        }
        return heads
    }
}

/// An entry of `resumed`.
enum Resumed: Equatable {
    case events(from: Int64, to: Int64)
    case reset(Int64)
    case gone

    /// The offset after which the chat's events begin.
    var start: Int64? {
        switch self {
        case .events(let from, _): from - 1
        case .reset(let head): head
        case .gone: nil
        }
    }
}

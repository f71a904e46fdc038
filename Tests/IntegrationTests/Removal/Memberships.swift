import JSON
import Support

/// Who is in which chat, as those who change it see it, and what former members were shown meanwhile.
///
/// Offsets are judged at the end, when the chats' events tell where each membership began and ended.
final class Memberships {
    /// Somebody in a chat.
    struct Key: Hashable {
        let user: Int64
        let chat: Int64
    }

    /// What is known of a membership at a moment.
    struct Moment: Equatable {
        enum Phase { case member, leaving, removed, returning }
        var phase = Phase.member
        /// The number of this membership: one more with each return.
        var number = 0

        /// Whether nobody is in the chat from here to a later moment.
        func isRemoved(until later: Moment) -> Bool { phase == .removed && later == self }
    }

    /// Something that was shown: nothing in it may be later than the end of the membership.
    private struct Sight {
        let key: Key
        let number: Int
        let offset: Int64
        let what: String
    }

    private(set) var moments: [Key: Moment] = [:]
    private(set) var violations: [String] = []
    /// How often each kind of thing was seen, so that no check goes by unused.
    private(set) var counts: [String: Int] = [:]
    private var sights: [Sight] = []
    private var received: [(key: Key, offset: Int64, what: String)] = []

    private static let violationLimit = 20

    func add(_ key: Key) { moments[key] = Moment() }

    subscript(key: Key) -> Moment { moments[key] ?? Moment() }

    func count(_ what: String) { counts[what, default: 0] += 1 }

    func violate(_ text: String) { if violations.count < Self.violationLimit { violations.append(text) } }

    // MARK: Changes

    func begin(_ phase: Moment.Phase, _ key: Key) {
        moments[key]?.phase = phase
        if phase == .returning { moments[key]?.number += 1 }
    }

    func end(_ phase: Moment.Phase, _ key: Key) { moments[key]?.phase = phase }

    // MARK: Sights

    /// Something that was asked for at a moment, and has come now.
    func shown(_ value: JSONValue, to key: Key, askedAt moment: Moment, _ what: String) {
        guard moment.number == self[key].number, let offset = value.latestOffset(of: key.chat) else { return }
        sights.append(Sight(key: key, number: moment.number, offset: offset, what: what))
        count("sights")
    }

    /// A durable event that a socket received.
    func received(_ offset: Int64, by key: Key, _ what: String) {
        received.append((key, offset, what))
        count("events")
    }

    /// Judges everything by all events of a chat, oldest first.
    func judge(_ chat: Int64, by events: [JSONObject]) {
        for key in moments.keys where key.chat == chat {
            let spans = Self.spans(of: key.user, in: events)
            for sight in sights where sight.key == key {
                guard let end = spans.indices.contains(sight.number) ? spans[sight.number].upperBound : nil else {
                    violate("user \(key.user) has no membership \(sight.number) in chat \(chat)")
                    continue
                }
                if sight.offset > end { violate("\(sight.what) showed offset \(sight.offset), removed at \(end)") }
            }
            for event in received where event.key == key && !spans.contains(where: { $0.contains(event.offset) }) {
                violate("\(event.what) at offset \(event.offset), a member in \(spans)")
            }
        }
    }

    /// From the first to the last event of each membership; everybody is in at the creation.
    private static func spans(of user: Int64, in events: [JSONObject]) -> [ClosedRange<Int64>] {
        var spans: [ClosedRange<Int64>] = []
        var start: Int64? = 1
        for event in events {
            guard let offset = event.integer("offset") else { continue }
            let added = event.object("participant").integer("user_id")
            if event.string("type") == "participant.added", added == user { start = offset }
            if event.string("type") == "participant.removed", event.integer("user_id") == user, let begin = start {
                spans.append(begin...offset)
                start = nil
            }
        }
        if let start { spans.append(start...Int64.max) }
        return spans
    }
}

extension JSONValue {
    /// The latest offset in anything that belongs to a chat, or does not say to which.
    func latestOffset(of chat: Int64) -> Int64? {
        switch self {
        case .array(let values): return values.compactMap { $0.latestOffset(of: chat) }.max()
        case .object(let object):
            if let owner = object.owner, owner != chat { return nil }
            return object.members.compactMap { member in
                if case .integer(let number) = member.value {
                    return ["offset", "rev", "last_offset"].contains(member.name) ? number : nil
                }
                return member.value.latestOffset(of: chat)
            }.max()
        default: return nil
        }
    }

    /// Whether anything in it belongs to a chat.
    func mentions(_ chat: Int64) -> Bool {
        switch self {
        case .array(let values): values.contains { $0.mentions(chat) }
        case .object(let object): object.owner == chat || object.members.contains { $0.value.mentions(chat) }
        default: false
        }
    }
}

extension JSONObject {
    /// The chat that it says it belongs to.
    fileprivate var owner: Int64? {
        integer("chat_id") ?? string("message_id").flatMap { Int64($0.prefix { $0 != "-" }) }
    }
}

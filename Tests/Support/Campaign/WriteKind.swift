/// The kinds of durable writes that a mixed load makes.
package enum WriteKind: String, Sendable, CaseIterable {
    case send, reply, edit, delete, restore, react, unreact, pin, unpin
    case addMember, removeMember, changeRole, changeChat

    /// How many of a hundred operations are of this kind, roughly.
    package var weight: Int {
        switch self {
        case .send: 44
        case .reply: 8
        case .edit: 12
        case .delete: 6
        case .restore: 4
        case .react: 9
        case .unreact: 5
        case .pin, .unpin: 2
        case .addMember, .removeMember: 3
        case .changeRole: 1
        case .changeChat: 1
        }
    }

    /// What `chat_events.kind` is for it.
    package var eventKind: Int {
        switch self {
        case .send, .reply: 2
        case .removeMember: 3
        case .addMember: 4
        case .changeRole: 5
        case .changeChat: 6
        case .edit: 7
        case .delete: 8
        case .restore: 9
        case .react: 10
        case .unreact: 11
        case .pin: 12
        case .unpin: 13
        }
    }

    /// Whether it makes a message.
    package var makesMessage: Bool { self == .send || self == .reply }

    /// One of `kinds`, by weight.
    package static func pick(from kinds: [WriteKind], using random: inout SplitMix64) -> WriteKind {
        var left = Int.random(in: 0..<kinds.reduce(0) { $0 + $1.weight }, using: &random)
        for kind in kinds {
            left -= kind.weight
            if left < 0 { return kind }
        }
        return kinds[0]
    }
}

/// What a durable event is; the raw value is what `chat_events.kind` holds.
package enum EventKind: Int16, Sendable, CaseIterable {
    case chatCreated = 1
    case messageCreated = 2
    case participantRemoved = 3
    case participantAdded = 4
    case participantUpdated = 5
    case chatUpdated = 6
    case messageUpdated = 7
    case messageDeleted = 8
    case messageRestored = 9
    case reactionAdded = 10
    case reactionRemoved = 11
    case pinAdded = 12
    case pinRemoved = 13

    /// The type clients know the event by; to them a restored message is an updated one.
    package var name: String {
        switch self {
        case .chatCreated: "chat.created"
        case .messageCreated: "message.new"
        case .participantRemoved: "participant.removed"
        case .participantAdded: "participant.added"
        case .participantUpdated: "participant.updated"
        case .chatUpdated: "chat.updated"
        case .messageUpdated, .messageRestored: "message.updated"
        case .messageDeleted: "message.deleted"
        case .reactionAdded: "reaction.added"
        case .reactionRemoved: "reaction.removed"
        case .pinAdded: "pin.added"
        case .pinRemoved: "pin.removed"
        }
    }

    /// Whether clients get a message with it.
    package var tellsMessage: Bool { self == .messageCreated || self == .messageUpdated || self == .messageRestored }
}

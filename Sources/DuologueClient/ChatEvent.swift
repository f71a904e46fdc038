/// A durable event of a chat: each is handed over once, in the order of their offsets, without holes.
public struct ChatEvent: Sendable, Hashable {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        case chatCreated(DuologueClient.Chat)
        case chatUpdated(DuologueClient.Chat)
        case messageCreated(DuologueClient.Message)
        /// It was edited or restored.
        case messageUpdated(DuologueClient.Message)
        case messageDeleted(DuologueClient.MessageID)
        case reactionAdded(DuologueClient.MessageID, emoji: String, by: DuologueClient.UserID)
        case reactionRemoved(DuologueClient.MessageID, emoji: String, by: DuologueClient.UserID)
        /// The chat comes with the first event that somebody gets who was added.
        case participantAdded(DuologueClient.Participant, chat: DuologueClient.Chat?)
        case participantUpdated(DuologueClient.Participant)
        /// Of one's own removal nothing follows.
        case participantRemoved(DuologueClient.UserID)
        case pinAdded(DuologueClient.MessageID)
        case pinRemoved(DuologueClient.MessageID)
        /// An event this version of the client has no name for.
        case other(type: String)
    }

    /// The chat it happened in.
    public let chat: DuologueClient.ChatID
    /// Its place among the chat's events, which are numbered from 1 without gaps.
    public let offset: Int64
    /// What happened.
    public let kind: Kind

    /// An event, as a test may make one.
    public init(chat: DuologueClient.ChatID, offset: Int64, kind: Kind) {
        self.chat = chat
        self.offset = offset
        self.kind = kind
    }
}

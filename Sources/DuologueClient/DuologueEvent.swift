/// What a client tells a program that iterates `DuologueClient.events`.
public enum DuologueEvent: Sendable, Hashable {
    /// A durable event of a chat: each once, in the order of the chat's offsets, without holes, over all reconnects.
    case chat(ChatEvent)
    /// More happened in a chat than is told one by one: fetch what is shown of it anew; its events go on after `lastOffset`.
    case reset(DuologueClient.ChatID, lastOffset: Int64)
    /// The user is no longer in a chat; how that came about was missed.
    case gone(DuologueClient.ChatID)
    /// The chats and how far they are, at the beginning of each connection, before any missed event.
    case heads([DuologueClient.ChatHead])
    /// The connection changed.
    case connection(DuologueConnectionState)
    /// Somebody began or stopped typing.
    case typing(DuologueClient.ChatID, DuologueClient.UserID, isTyping: Bool)
    /// Somebody came or went.
    case presence(DuologueClient.UserID, DuologueClient.PresenceStatus, lastSeen: DuologueClient.Timestamp?)
    /// Somebody has read up to a message.
    case receipt(DuologueClient.ChatID, DuologueClient.UserID, readSequence: Int64)
    /// A program that keeps credentials keeps these from now on.
    case credentialsRenewed(DuologueClient.Credentials)
}

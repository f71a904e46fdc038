internal import Domain
internal import Web

/// A user's socket as the hub sees it.
///
/// Loop-bound.
protocol EventReceiver: AnyObject {
    var isOpen: Bool { get }
    /// What the hub keeps about it.
    var subscription: Subscription { get set }

    /// Queues a frame; one that does not read is closed, and may resume.
    func deliver(_ frame: SharedFrame)

    /// Queues a frame that may be lost: it is dropped where much waits already, and never closes the socket.
    func deliverEphemeral(_ frame: SharedFrame)

    /// Whether it takes less than it is sent, so that what is no news yet had better wait.
    var isBacklogged: Bool { get }

    /// Returns once it has taken most of what it was sent, or is closed.
    func waitUntilDrained() async

    /// Closes it and says why.
    func close(_ code: WebSocketCloseCode, reason: String)

    /// Closes it because a store could not be read; it may resume.
    func giveUp()

    /// Closes when a token has ended or the peer is dead; asks a silent peer to speak.
    func checkDeadlines(now: ContinuousClock.Instant, time: Timestamp)
}

/// What the hub keeps about one socket.
struct Subscription {
    /// The one chat it follows; nil for all of its user's.
    var only: ChatID?
    /// How present its user is at it.
    var presence = PresenceStatus.online
    /// Whether `ready` is sent and events are let through.
    var isLive = false
    /// The chats it receives, or is catching up on.
    var chats: [ChatID] = []
    /// Announcements that added it to a chat before it was ready.
    var addedEarly: [Announcement] = []
    /// Where its membership of a chat ended; an announcement from before, repeated, does not bring it back.
    var left: [ChatID: Offset] = [:]

    /// Whether events of a chat are for it at all.
    func follows(_ chat: ChatID) -> Bool { only == nil || only == chat }

    /// Whether an event at this offset that adds its user is news to it.
    func mayJoin(_ chat: ChatID, at offset: Offset) -> Bool {
        follows(chat) && !chats.contains(chat) && offset > left[chat] ?? .zero
    }
}

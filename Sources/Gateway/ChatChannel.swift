internal import Domain

/// A chat on one loop: its events in order and the sockets they go to.
///
/// Loop-bound.
final class ChatChannel {
    /// A socket and the offset beyond which it receives.
    struct Member {
        let session: any EventReceiver
        let from: Offset
    }

    let chat: ChatID
    var stream = ChatStream()
    var members: [Member] = []
    /// Sessions that are about to become members; the channel is kept for them.
    var joining = 0
    /// Whether something was passed on since the last heartbeat.
    var hasNews = false
    var isFillScheduled = false
    /// How long a hole is left before the stores are asked again; nil while events come.
    var holeDelay: Duration?

    init(chat: ChatID) { self.chat = chat }

    func remove(_ session: any EventReceiver) {
        guard let index = members.firstIndex(where: { $0.session === session }) else { return }
        members.swapAt(index, members.count - 1)
        members.removeLast()
    }
}

/// Hands over what the server tells of chats: each durable event once and in order.
///
/// Loop-bound.
final class Inbox {
    typealias ChatID = DuologueClient.ChatID

    let hub: EventHub
    private(set) var cursors: CursorTable
    private var user: DuologueClient.UserID?

    init(hub: EventHub, position: DuologueClient.Position?) {
        self.hub = hub
        cursors = CursorTable(position)
    }

    /// What a new connection is to resume from; nil for one that begins with the present.
    var position: DuologueClient.Position? { cursors.position }

    /// The server took the user in.
    func ready(_ user: DuologueClient.UserID, epoch: String, heads: [DuologueClient.ChatHead], resumes: Bool) {
        self.user = user
        if resumes {
            cursors.goOn(epoch: epoch)
        } else {
            cursors.begin(epoch: epoch, heads: heads.map { ($0.id, $0.lastOffset) })
        }
        hub.emit(.heads(heads))
    }

    /// The server has sent what was missed; the chats of which something is missing all the same.
    func resumed(_ chats: [ChatID: ServerFrame.Resumption]) -> [ChatID] {
        var behind: [ChatID] = []
        for (chat, resumption) in chats.sorted(by: { $0.key < $1.key }) {
            switch resumption {
            case .complete(let offset): if cursors.note(head: offset, of: chat) { behind.append(chat) }
            case .reset(let offset): reset(chat, to: offset)
            case .gone: end(chat)
            }
        }
        return behind
    }

    /// Takes an event; the caller fetches what is missing where that shows a hole.
    func receive(_ event: ChatEvent) -> CursorTable.Verdict {
        let verdict = cursors.receive(event)
        if case .apply(let events) = verdict { apply(events) }
        return verdict
    }

    /// Notes how far chats are; those of which something is missing now, though it may be on its way.
    func note(_ heads: [ChatID: Int64]) -> [ChatID] {
        heads.filter { cursors.note(head: $1, of: $0) }.keys.sorted()
    }

    /// Gives up telling one by one what happened in a chat up to `offset`.
    func reset(_ chat: ChatID, to offset: Int64) {
        hub.emit(.reset(chat, lastOffset: offset))
        apply(cursors.reset(chat, to: offset))
    }

    /// The user is not in a chat any more.
    func end(_ chat: ChatID) {
        cursors.forget(chat)
        hub.emit(.gone(chat))
    }

    /// The connection has ended.
    func disconnect() { cursors.disconnect() }

    private func apply(_ events: [ChatEvent]) {
        for event in events {
            hub.emit(.chat(event))
            // Whoever comes back begins anew: what happens meanwhile is none of theirs.
            if case .participantRemoved(let user) = event.kind, user == self.user { cursors.forget(event.chat) }
        }
    }
}

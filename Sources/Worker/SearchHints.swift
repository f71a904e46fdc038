package import Domain
package import IOCore

/// Chats in which something was said that searches are to find: as announcements tell, and as the worker finds by itself.
///
/// Loop-bound. Both are handed over in their order, the second beside the first, so that neither keeps the other waiting. A hint that
/// is lost, or for which there is no room, is made up for by the worker's sweep.
package final class SearchHints: AnnouncementSink {
    private var announced = ChatQueue(limit: SearchHints.limit)
    private var found = ChatQueue(limit: SearchHints.limit)
    private let signal: WakeSignal

    /// Chats of each sort that are kept in mind.
    package static let limit = 10_000

    /// No hints, on this loop.
    package init(loop: EventLoop) { signal = WakeSignal(loop: loop) }

    /// Whether there is room for some more chats that the worker finds.
    package var hasRoom: Bool { found.count <= Self.limit / 2 }

    package func receive(_ announcements: [Announcement]) {
        for announcement in announcements where Self.changesText(announcement.kind) { announced.add(announcement.chat) }
        if announced.count > 0 { signal.raise() }
    }

    package func connectionRestored() {}

    /// Keeps a chat in mind while there is room, behind the others that the worker has found.
    package func add(_ chat: ChatID) { found.add(chat) }

    /// Hands over some of the chats: a quarter of those that the worker has found, where there are so many.
    package func take(_ limit: Int) -> [ChatID] {
        let taken = announced.take(limit - min(found.count, limit > 1 ? max(limit / 4, 1) : 0))
        return taken + found.take(limit - taken.count)
    }

    /// Returns when there are hints, or after a while.
    package func wait(atMost limit: Duration) async {
        if announced.count + found.count == 0 { await signal.wait(atMost: limit) }
    }

    private static func changesText(_ kind: EventKind) -> Bool {
        switch kind {
        case .messageCreated, .messageUpdated, .messageDeleted, .messageRestored: true
        default: false
        }
    }
}

/// Chats in the order in which they came, each once.
private struct ChatQueue {
    private var chats: [ChatID] = []
    /// Those before it are taken.
    private var head = 0
    private var members: Set<ChatID> = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { members.count }

    mutating func add(_ chat: ChatID) {
        if count < limit, members.insert(chat).inserted { chats.append(chat) }
    }

    mutating func take(_ number: Int) -> [ChatID] {
        let taken = Array(chats[head...].prefix(number))
        head += taken.count
        for chat in taken { members.remove(chat) }
        if head > chats.count / 2 {
            chats.removeFirst(head)
            head = 0
        }
        return taken
    }
}

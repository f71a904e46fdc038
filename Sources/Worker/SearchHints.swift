package import Domain
package import IOCore

/// Chats in which something was said that searches are to find, as announcements tell.
///
/// Loop-bound. A hint that is lost, or for which there is no room, is made up for by the worker's sweep.
package final class SearchHints: AnnouncementSink {
    private var chats: Set<ChatID> = []
    private let signal: WakeSignal

    /// Chats that are kept in mind.
    package static let limit = 10_000

    /// No hints, on this loop.
    package init(loop: EventLoop) { signal = WakeSignal(loop: loop) }

    package func receive(_ announcements: [Announcement]) {
        for announcement in announcements where Self.changesText(announcement.kind) { add(announcement.chat) }
        if !chats.isEmpty { signal.raise() }
    }

    package func connectionRestored() {}

    /// Keeps a chat in mind while there is room.
    package func add(_ chat: ChatID) {
        if chats.count < Self.limit { chats.insert(chat) }
    }

    /// Hands over some of the chats.
    package func take(_ limit: Int) -> [ChatID] {
        let taken = Array(chats.prefix(limit))
        for chat in taken { chats.remove(chat) }
        return taken
    }

    /// Returns when there are hints, or after a while.
    package func wait(atMost limit: Duration) async {
        if chats.isEmpty { await signal.wait(atMost: limit) }
    }

    private static func changesText(_ kind: EventKind) -> Bool {
        switch kind {
        case .messageCreated, .messageUpdated, .messageDeleted, .messageRestored: true
        default: false
        }
    }
}

internal import Domain

/// Where something made of a chat is kept, and what it must have been made at.
struct CachePlace {
    let key: CacheKey
    let stamp: CacheStamp

    /// A page of messages; nil where the reader does not see all of it, or there is nothing on it.
    ///
    /// The page that ends at the chat's last message has one place, wherever that is, so that a chat that is written to leaves no
    /// trail of its old pages in the cache.
    init?(page snapshot: HistorySnapshot, of chat: ChatID) {
        guard let first = snapshot.rows.first?.sequence, let last = snapshot.rows.last?.sequence, !snapshot.isFiltered
        else { return nil }
        let count = Int64(snapshot.rows.count)
        let start = last == snapshot.lastSequence ? 0 : first.rawValue
        key = CacheKey(.messages, of: chat.rawValue, part: [start, count])
        stamp = CacheStamp(
            epoch: snapshot.epoch,
            version: snapshot.lastOffset.rawValue,
            first.rawValue,
            snapshot.silentChanges
        )
    }

    /// The last message of a chat, for those who have hidden none of its messages.
    init(lastMessageOf chat: ChatID, at state: ChatState) {
        key = CacheKey(.chats, of: chat.rawValue)
        stamp = CacheStamp(epoch: state.epoch, version: state.lastOffset.rawValue, state.silentChanges)
    }

    /// The first members of a chat.
    init(membersOf chat: ChatID, limit: Int, at state: ChatState) {
        key = CacheKey(.members, of: chat.rawValue, part: [Int64(limit)])
        stamp = CacheStamp(epoch: state.epoch, version: state.lastOffset.rawValue, state.silentChanges)
    }
}

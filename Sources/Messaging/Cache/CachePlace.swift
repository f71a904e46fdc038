internal import Domain

/// Where something made of a chat is kept, and what it must have been made at.
struct CachePlace {
    let key: CacheKey
    let stamp: CacheStamp

    /// The recent messages; nil where the page does not end at the chat's last message, or the reader does not see all of it.
    ///
    /// So a chat has one place for each size of a page, however often it is written to and wherever readers leaf: else a few of
    /// them could fill Redis with pages that nobody asks for again.
    init?(page snapshot: HistorySnapshot, of chat: ChatID) {
        guard let first = snapshot.rows.first?.sequence, snapshot.rows.last?.sequence == snapshot.lastSequence,
            !snapshot.isFiltered
        else { return nil }
        key = CacheKey(.messages, of: chat.rawValue, part: [Int64(snapshot.rows.count)])
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

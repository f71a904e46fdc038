#if FAILPOINTS
package import Domain
package import IOCore

/// A history store that passes a failpoint between another one's snapshots and what their reader does next.
///
/// Loop-bound.
package final class FailingHistoryStore: HistoryStore {
    private let history: any HistoryStore
    private let failpoints: Failpoints
    private let loop: EventLoop

    /// Wraps a store of the same loop.
    package init(_ history: any HistoryStore, _ failpoints: Failpoints, loop: EventLoop) {
        self.history = history
        self.failpoints = failpoints
        self.loop = loop
    }

    package func snapshot(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> HistorySnapshot? {
        let snapshot = try await history.snapshot(of: chat, for: user, window: window, limit: limit)
        try await failpoints.pass(.readBetween, of: .mongo, on: loop)
        return snapshot
    }

    package func snapshot(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        for user: UserID
    ) async throws -> HistorySnapshot? {
        let snapshot = try await history.snapshot(of: chat, at: sequences, for: user)
        try await failpoints.pass(.readBetween, of: .mongo, on: loop)
        return snapshot
    }

    package func latest(of chats: [ChatID], for user: UserID) async throws -> [ChatID: HistorySnapshot] {
        let snapshots = try await history.latest(of: chats, for: user)
        try await failpoints.pass(.readBetween, of: .mongo, on: loop)
        return snapshots
    }

    package func snapshots(of messages: [MessageID], for user: UserID) async throws -> [ChatID: HistorySnapshot] {
        let snapshots = try await history.snapshots(of: messages, for: user)
        try await failpoints.pass(.readBetween, of: .mongo, on: loop)
        return snapshots
    }

    package func closedByBlock(_ chats: [ChatID], for user: UserID) async throws -> [ChatID: Bool] {
        try await history.closedByBlock(chats, for: user)
    }

    package func committedEvents(
        of chat: ChatID,
        after offset: Offset,
        limit: Int
    ) async throws -> [LoggedEvent] {
        try await history.committedEvents(of: chat, after: offset, limit: limit)
    }

    package func announcedEvents(
        of chat: ChatID,
        after offset: Offset,
        limit: Int
    ) async throws -> [LoggedEvent] {
        try await history.announcedEvents(of: chat, after: offset, limit: limit)
    }

    package func replies(to root: MessageID, window: HistoryWindow, limit: Int) async throws -> [SequenceNumber] {
        try await history.replies(to: root, window: window, limit: limit)
    }

    package func epoch() async throws -> String { try await history.epoch() }

    package func metadata(of chat: ChatID, sequences: [SequenceNumber]) async throws -> [MessageMetadata] {
        try await history.metadata(of: chat, sequences: sequences)
    }
}
#endif

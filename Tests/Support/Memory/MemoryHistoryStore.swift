package import Domain

/// The twin of the Postgres side of reading a chat.
package final class MemoryHistoryStore: HistoryStore {
    private let database: MemoryDatabase

    /// A store on this database.
    package init(_ database: MemoryDatabase) { self.database = database }

    package func epoch() async throws -> String { database.epoch }

    package func snapshot(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> HistorySnapshot? {
        try database.check()
        guard let row = database.chats[chat], let member = row.member(user) else { return nil }
        let head = row.chat.lastSequence.rawValue
        let unread = row.messages.first { $0.metadata.sequence > member.readSequence && $0.counts(for: user) }
        let anchor = unread?.metadata.sequence.rawValue ?? head + 1
        let (low, high) = Self.range(window, head: head, unread: anchor, limit: Int64(limit))
        let rows = row.messages.map(\.metadata).filter { (low..<high + 1).contains($0.sequence.rawValue) }
        let redo = database.redo.flatMap(\.batch.operations).filter { committed in
            guard committed.operation.chat == chat,
                let sequence = committed.allocation.sequence ?? committed.operation.target
            else { return false }
            return low <= sequence.rawValue && sequence.rawValue <= high
        }
        return HistorySnapshot(
            epoch: database.epoch,
            lastOffset: row.chat.lastOffset,
            lastSequence: row.chat.lastSequence,
            readSequence: member.readSequence,
            rows: rows,
            redo: redo.sorted { $0.allocation.offset < $1.allocation.offset },
            hidden: Set(
                rows.map(\.sequence).filter { database.isHidden($0, in: chat, from: user) }
            ),
            silentChanges: database.silentChanges
        )
    }

    package func snapshot(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        for user: UserID
    ) async throws -> HistorySnapshot? {
        try database.check()
        guard let row = database.chats[chat], let member = row.member(user) else { return nil }
        let numbers = Set(sequences)
        let rows = row.messages.map(\.metadata).filter { numbers.contains($0.sequence) }
        var snapshot = snapshot(of: row, for: member, rows: rows)
        snapshot.hidden = Set(rows.map(\.sequence).filter { database.isHidden($0, in: chat, from: user) })
        snapshot.isFiltered = !snapshot.hidden.isEmpty
        return snapshot
    }

    package func latest(of chats: [ChatID], for user: UserID) async throws -> [ChatID: HistorySnapshot] {
        try database.check()
        var snapshots: [ChatID: HistorySnapshot] = [:]
        for chat in chats {
            guard let row = database.chats[chat], let member = row.member(user) else { continue }
            let shown = row.messages.suffix(Self.latestReach).map(\.metadata).last {
                !$0.isDeleted && !database.isHidden($0.sequence, in: chat, from: user)
            }
            snapshots[chat] = snapshot(of: row, for: member, rows: shown.map { [$0] } ?? [])
        }
        return snapshots
    }

    package func snapshots(of messages: [MessageID], for user: UserID) async throws -> [ChatID: HistorySnapshot] {
        try database.check()
        var snapshots: [ChatID: HistorySnapshot] = [:]
        for (chat, asked) in Dictionary(grouping: messages, by: \.chat) {
            guard let row = database.chats[chat], let member = row.member(user) else { continue }
            let numbers = Set(asked.map(\.sequence))
            let rows = row.messages.map(\.metadata).filter {
                numbers.contains($0.sequence) && !database.isHidden($0.sequence, in: chat, from: user)
            }
            if !rows.isEmpty { snapshots[chat] = snapshot(of: row, for: member, rows: rows) }
        }
        return snapshots
    }

    /// The state of a chat with these messages of it and what is unfinished of them.
    private func snapshot(
        of row: MemoryDatabase.ChatRow,
        for member: MemoryDatabase.Member,
        rows: [MessageMetadata]
    ) -> HistorySnapshot {
        let shown = Set(rows.map(\.sequence))
        let redo = database.redo.flatMap(\.batch.operations).filter { committed in
            guard let sequence = committed.allocation.sequence ?? committed.operation.target else { return false }
            return committed.operation.chat == row.chat.id && shown.contains(sequence)
        }
        return HistorySnapshot(
            epoch: database.epoch,
            lastOffset: row.chat.lastOffset,
            lastSequence: row.chat.lastSequence,
            readSequence: member.readSequence,
            rows: rows,
            redo: redo.sorted { $0.allocation.offset < $1.allocation.offset },
            isFiltered: database.isFiltered(row.chat.id, for: member.user),
            silentChanges: database.silentChanges
        )
    }

    package func closedByBlock(_ chats: [ChatID], for user: UserID) async throws -> [ChatID: Bool] {
        try database.check()
        var closed: [ChatID: Bool] = [:]
        for chat in chats {
            guard let row = database.chats[chat], row.member(user) != nil else { continue }
            closed[chat] = database.isClosed(row)
        }
        return closed
    }

    package func announcedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent] {
        try database.check()
        guard let row = database.chats[chat] else { return [] }
        let head = database.announcedOffset(of: row)
        return row.events.filter { $0.offset > offset && $0.offset <= head }.prefix(limit).map(Self.logged)
    }

    package func committedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent] {
        try database.check()
        return database.chats[chat]?.events.filter { $0.offset > offset }.prefix(limit).map(Self.logged) ?? []
    }

    package func metadata(of chat: ChatID, sequences: [SequenceNumber]) async throws -> [MessageMetadata] {
        try database.check()
        return database.chats[chat]?.messages.map(\.metadata).filter { sequences.contains($0.sequence) } ?? []
    }

    package func replies(to root: MessageID, window: HistoryWindow, limit: Int) async throws -> [SequenceNumber] {
        try database.check()
        let replies = database.chats[root.chat]?.messages.filter { $0.threadRoot == root.sequence } ?? []
        let sequences = replies.map(\.metadata.sequence)
        return switch window {
        case .after(let sequence): Array(sequences.filter { $0 > sequence }.prefix(limit))
        case .before(let sequence): sequences.filter { $0 < sequence }.suffix(limit)
        case .newest, .around, .firstUnread: sequences.suffix(limit)
        }
    }

    /// The page's messages; they have no holes, so it is arithmetic.
    private static func range(_ window: HistoryWindow, head: Int64, unread: Int64, limit: Int64) -> (Int64, Int64) {
        let low: Int64
        switch window {
        case .newest: low = head - limit + 1
        case .before(let sequence):
            let high = min(sequence.rawValue - 1, head)
            return (max(1, high - limit + 1), max(high, 0))
        case .after(let sequence): low = sequence.rawValue + 1
        case .around(let sequence): low = min(sequence.rawValue - limit / 2, head - limit + 1)
        case .firstUnread: low = min(unread - limit / 2, head - limit + 1)
        }
        let first = max(1, low)
        return (first, max(min(first + limit - 1, head), first - 1))
    }

    private static func logged(_ event: MemoryDatabase.Event) -> LoggedEvent {
        let operation = event.committed.operation
        let allocation = event.committed.allocation
        return LoggedEvent(
            offset: event.offset,
            kind: operation.kind,
            actor: operation.actor,
            operation: operation.id,
            sequence: allocation.sequence ?? operation.target,
            at: allocation.at,
            body: operation.kind.tellsMessage || operation.kind == .messageDeleted ? nil : operation.body,
            facts: allocation.facts
        )
    }
}

extension MemoryDatabase {
    /// Whether a user has deleted any message of a chat for themselves.
    func isFiltered(_ chat: ChatID, for user: UserID) -> Bool { hidden[user]?.contains { $0.chat == chat } ?? false }

    /// Whether a user has deleted a message for themselves.
    func isHidden(_ sequence: SequenceNumber, in chat: ChatID, from user: UserID) -> Bool {
        hidden[user]?.contains(MessageID(chat: chat, sequence: sequence)) ?? false
    }
}

import Domain
import IOCore

/// A directory whose answers take as long as a test wants.
final class SlowDirectory: ChatDirectory {
    private let base: any ChatDirectory
    /// Awaited before and after each look.
    var pause: () async -> Void = {}
    /// Awaited after the heads were read and before they are told.
    var holdHeads: () async -> Void = {}
    private(set) var headReads = 0
    /// The last heads told: when a hub says `ready`, which it does without waiting, those that it says it of.
    private(set) var toldHeads: [ChatHead] = []
    /// The one chat that each look at the heads was for; nil for all.
    private(set) var readOnly: [ChatID?] = []

    init(_ base: any ChatDirectory) { self.base = base }

    func heads(of user: UserID, only chat: ChatID?) async throws -> [ChatHead] {
        readOnly.append(chat)
        await pause()
        let heads = try await base.heads(of: user, only: chat)
        headReads += 1
        await holdHeads()
        await pause()
        toldHeads = heads
        return heads
    }

    func announcedOffsets(of chats: [ChatID]) async throws -> [ChatID: Offset] {
        await pause()
        let offsets = try await base.announcedOffsets(of: chats)
        await pause()
        return offsets
    }

    func announcedMemberships(of users: [UserID]) async throws -> [MembershipStart] {
        await pause()
        let memberships = try await base.announcedMemberships(of: users)
        await pause()
        return memberships
    }

    func chat(_ id: ChatID, for user: UserID) async throws -> Chat? { try await base.chat(id, for: user) }

    func roster(of id: ChatID, for user: UserID, limit: Int, ifAtMost most: Int) async throws -> Roster? {
        try await base.roster(of: id, for: user, limit: limit, ifAtMost: most)
    }

    func chats(of user: UserID, limit: Int, cursor: String?) async throws -> Page<Chat> {
        try await base.chats(of: user, limit: limit, cursor: cursor)
    }

    func chatCount(of user: UserID) async throws -> Int { try await base.chatCount(of: user) }

    func participants(
        of id: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<Participant>? {
        try await base.participants(of: id, for: user, limit: limit, cursor: cursor)
    }

    func participant(_ user: UserID, of id: ChatID, for caller: UserID) async throws -> Participant? {
        try await base.participant(user, of: id, for: caller)
    }

    func pins(of id: ChatID, for user: UserID, limit: Int, cursor: String?) async throws -> Page<Pin>? {
        try await base.pins(of: id, for: user, limit: limit, cursor: cursor)
    }

    func directChat(of first: UserID, and second: UserID) async throws -> ChatID? {
        try await base.directChat(of: first, and: second)
    }
}

/// A history whose answers take as long as a test wants.
final class SlowHistory: HistoryStore {
    private let base: any HistoryStore
    /// Awaited before and after each look.
    var pause: () async -> Void = {}
    /// Awaited after events were read and before they are told.
    var holdEvents: () async -> Void = {}
    private(set) var eventReads = 0

    init(_ base: any HistoryStore) { self.base = base }

    func latest(of chats: [ChatID], for user: UserID) async throws -> [ChatID: HistorySnapshot] {
        try await base.latest(of: chats, for: user)
    }

    func snapshots(of messages: [MessageID], for user: UserID) async throws -> [ChatID: HistorySnapshot] {
        try await base.snapshots(of: messages, for: user)
    }

    func closedByBlock(_ chats: [ChatID], for user: UserID) async throws -> [ChatID: Bool] {
        try await base.closedByBlock(chats, for: user)
    }

    func committedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent] {
        try await base.committedEvents(of: chat, after: offset, limit: limit)
    }

    func announcedEvents(of chat: ChatID, after offset: Offset, limit: Int) async throws -> [LoggedEvent] {
        await pause()
        let events = try await base.announcedEvents(of: chat, after: offset, limit: limit)
        eventReads += 1
        await holdEvents()
        await pause()
        return events
    }

    func metadata(of chat: ChatID, sequences: [SequenceNumber]) async throws -> [MessageMetadata] {
        await pause()
        return try await base.metadata(of: chat, sequences: sequences)
    }

    func snapshot(
        of chat: ChatID,
        for user: UserID,
        window: HistoryWindow,
        limit: Int
    ) async throws -> HistorySnapshot? {
        try await base.snapshot(of: chat, for: user, window: window, limit: limit)
    }

    func snapshot(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        for user: UserID
    ) async throws -> HistorySnapshot? {
        try await base.snapshot(of: chat, at: sequences, for: user)
    }

    func replies(to root: MessageID, window: HistoryWindow, limit: Int) async throws -> [SequenceNumber] {
        try await base.replies(to: root, window: window, limit: limit)
    }

    func epoch() async throws -> String { try await base.epoch() }
}

/// Read marks whose storing takes as long as a test wants.
final class SlowReadMarks: ReadStateStore {
    private let base: any ReadStateStore
    /// Awaited before marks are stored.
    var hold: () async -> Void = {}

    init(_ base: any ReadStateStore) { self.base = base }

    func advance(_ marks: [ReadMark]) async throws -> [ReadProgress?] {
        await hold()
        return try await base.advance(marks)
    }

    func receipts(
        of chat: ChatID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ReadMark>? {
        try await base.receipts(of: chat, for: user, limit: limit, cursor: cursor)
    }

    func readers(
        of message: MessageID,
        for user: UserID,
        limit: Int,
        cursor: String?
    ) async throws -> Page<ReadMark>? {
        try await base.readers(of: message, for: user, limit: limit, cursor: cursor)
    }

    func unread(of user: UserID, limit: Int, cursor: String?) async throws -> UnreadSummary {
        try await base.unread(of: user, limit: limit, cursor: cursor)
    }
}

/// Holds a store's answer back until a test lets it go.
final class Gate {
    var isOpen = false

    func wait(_ loop: EventLoop) async {
        while !isOpen { await loop.sleep(for: .milliseconds(1)) }
    }
}

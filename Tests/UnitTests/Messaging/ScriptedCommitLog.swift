import Domain
import Support

/// A commit log in memory that says of its depth, and of what covers a chat, what a test wants, and remembers what it was
/// asked.
///
/// Loop-bound.
final class ScriptedCommitLog: CommitLog {
    private let base: MemoryCommitLog
    var redoDepth = RedoDepth()
    var covering: [RedoBatch] = []
    /// What is answered instead of the log's own result.
    var answer: (Operation) -> CommitResult? = { _ in nil }
    /// Awaited before what covers a chat is told.
    var holdCovering: () async -> Void = {}
    private(set) var commits = 0
    private(set) var measures = 0
    private(set) var quarantined: [Set<ChatID>] = []
    private(set) var coveringRequests: [ChatID] = []
    private(set) var renewed: [[BatchID]] = []
    private(set) var dropped: [BatchID] = []

    init(_ base: MemoryCommitLog) { self.base = base }

    func commit(
        _ batch: BatchID,
        _ operations: [Operation],
        dropping finished: [BatchID],
        wait: Bool,
        again: Bool
    ) async throws -> [CommitResult] {
        commits += 1
        dropped += finished
        let answers = operations.map(answer)
        guard answers.contains(nil) else { return answers.compactMap(\.self) }
        return try await base.commit(batch, operations, dropping: finished, wait: wait, again: again)
    }

    func nextChatID() async throws -> ChatID { try await base.nextChatID() }
    func takeExpired(limit: Int) async throws -> [RedoBatch] { try await base.takeExpired(limit: limit) }
    func renew(_ batches: [BatchID]) async throws { renewed.append(batches) }

    func drop(_ batches: [BatchID]) async throws {
        dropped += batches
        try await base.drop(batches)
    }

    func takeCovering(_ chat: ChatID, through offset: Offset) async throws -> [RedoBatch] {
        coveringRequests.append(chat)
        await holdCovering()
        return covering
    }

    func quarantine(_ chats: Set<ChatID>, of batch: BatchID, reason: String) async throws {
        quarantined.append(chats)
        try await base.quarantine(chats, of: batch, reason: reason)
    }

    func depth() async throws -> RedoDepth {
        measures += 1
        return redoDepth
    }

    func maintain() async throws {}
}

/// A body store that refuses the documents of some chats for good.
///
/// Loop-bound.
final class RefusingBodyStore: BodyStore {
    private let base: MemoryBodyStore
    var refused: Set<ChatID> = []
    /// Awaited before each write.
    var hold: () async -> Void = {}

    init(_ base: MemoryBodyStore) { self.base = base }

    func apply(_ images: [PostImage]) async throws {
        await hold()
        let chats = Set(images.compactMap { if case .message(let image) = $0 { image.id.chat } else { nil } })
        let bad = chats.intersection(refused)
        guard bad.isEmpty else { throw StoreError(.mongo, .permanent, "refused", chats: bad) }
        try await base.apply(images)
    }

    func messages(of chat: ChatID, in range: ClosedRange<SequenceNumber>) async throws -> [MessageImage] {
        try await base.messages(of: chat, in: range)
    }

    func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> [SequenceNumber: [ReactionGroup]] { [:] }

    func contents(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> BodyContents {
        try await base.contents(of: chat, at: sequences, upTo: offset, excluding: excluding)
    }

    func contents(of lookups: [BodyLookup]) async throws -> [MessageID: StoredMessage] {
        try await base.contents(of: lookups)
    }

    func images(_ messages: [MessageID]) async throws -> [MessageID: MessageImage] { try await base.images(messages) }

    func revisions(of message: MessageID, after revision: Offset, limit: Int) async throws -> [RevisionImage] { [] }
    func purge(_ targets: [PurgeTarget]) async throws -> [PurgeTarget] { targets }
}

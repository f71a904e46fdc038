internal import Domain

/// A body store after whose reads something else happens before their reader goes on.
final class InterruptedBodyStore: BodyStore {
    private let base: any BodyStore
    /// Awaited once, after the next read of contents.
    var interruption: (() async throws -> Void)?

    init(_ base: any BodyStore) { self.base = base }

    func contents(
        of chat: ChatID,
        at sequences: [SequenceNumber],
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> BodyContents {
        let contents = try await base.contents(of: chat, at: sequences, upTo: offset, excluding: excluding)
        try await interrupt()
        return contents
    }

    func contents(of lookups: [BodyLookup]) async throws -> [MessageID: StoredMessage] {
        let contents = try await base.contents(of: lookups)
        try await interrupt()
        return contents
    }

    private func interrupt() async throws {
        guard let interruption else { return }
        self.interruption = nil
        try await interruption()
    }

    func apply(_ images: [PostImage]) async throws { try await base.apply(images) }

    func messages(of chat: ChatID, in range: ClosedRange<SequenceNumber>) async throws -> [MessageImage] {
        try await base.messages(of: chat, in: range)
    }

    func reactions(
        of chat: ChatID,
        in range: ClosedRange<SequenceNumber>,
        upTo offset: Offset,
        excluding: [ReactionID]
    ) async throws -> [SequenceNumber: [ReactionGroup]] {
        try await base.reactions(of: chat, in: range, upTo: offset, excluding: excluding)
    }

    func images(_ messages: [MessageID]) async throws -> [MessageID: MessageImage] { try await base.images(messages) }

    func revisions(of message: MessageID, after revision: Offset, limit: Int) async throws -> [RevisionImage] {
        try await base.revisions(of: message, after: revision, limit: limit)
    }

    func purge(_ targets: [PurgeTarget]) async throws -> [PurgeTarget] { try await base.purge(targets) }
}
